(* The world of T2 over the law of instances.v that has infinitely many values: its hypotheses can be met, and its bound is attained. *)
(* Heads first, and nothing else, moves: with gamma = 1 a step leads to the minimiser, or not at all. *)
Definition coin {X : Type} (heads tails : X) (n : nat) : X := match n with O => heads | S _ => tails end.

Lemma mean_of_coin a b : averages nat (summable halves) (expectation halves) (coin a b) ((a + b) / 2).
Proof.
  assert (A : forall n, series halves (coin 1 0) (S n) = / 2)
    by (induction n as [|n IH]; [unfold series, halves; simpl; field | cbn [series sum] in *; rewrite IH; simpl; ring]).
  assert (cv : Un_cv (series halves (coin 1 0)) (/ 2)).
  { intros eps pos. exists 1%nat. intros [|n] le; [inversion le|]. rewrite A. unfold Rdist. rewrite Rminus_diag, Rabs_R0. exact pos. }
  assert (i : summable halves (coin 1 0)).
  { exists (/ 2). refine (Un_cv_ext _ _ _ _ cv). intro n. apply sum_ext; intros [|t]; simpl; rewrite ?Rabs_R0, ?Rabs_R1; ring. }
  assert (e : expectation halves (coin 1 0) = / 2).
  { apply (UL_sequence (series halves (coin 1 0))); [apply expectation_is; [intro n; apply pow_le; lra | exact i] | exact cv]. }
  replace ((a + b) / 2) with ((a - b) * expectation halves (coin 1 0) + b) by (rewrite e; field).
  apply (averages_ext _ _ _ halves_mean (fun n => (a - b) * coin 1 0 n + b)); [intros [|n]; simpl; ring|].
  apply (averages_cons _ _ _ halves_mean); [exact i | apply (averages_const _ _ _ halves_mean)].
Qed.

Definition f (x : R) := x * x / 2.
Definition project (n : nat) (x : R) := coin x 0 n.
Definition step (x : R) (n : nat) := x + - (1) * project n x.

Lemma mean_of_f k x : averages nat (summable halves) (expectation halves) (fun n => k * f (step x n)) (k / 2 * f x).
Proof.
  replace (k / 2 * f x) with ((0 + k * f x) / 2) by (unfold f; field).
  refine (averages_ext _ _ _ halves_mean _ _ _ _ (mean_of_coin 0 (k * f x))). intros [|n]; unfold f, step, project; simpl; field.
Qed.

Lemma f_after k t : has_mean R nat (summable halves) (expectation halves) (fun _ => step) t (fun x => k * f x).
Proof.
  revert k; induction t as [|t IH]; intro k; [exact I|]. split; [intro x; apply (mean_of_f k x)|].
  refine (has_mean_ext _ _ _ _ _ halves_mean _ _ _ _ (IH (k / 2))). intro x. symmetry; apply (mean_of_f k x).
Qed.

Theorem met : at_ R nat (expectation halves) (fun _ => step) 3 f 1 - 0 <= (1 - 1 * 1 * (1 / 2)) ^ 3 * (1 / 2).
Proof.
  assert (seen : forall x, averages nat (summable halves) (expectation halves) (fun n => project n x * project n x) (x * x / 2)).
  { intro x. replace (x * x / 2) with ((x * x + 0) / 2) by field.
    refine (averages_ext _ _ _ halves_mean _ _ _ _ (mean_of_coin (x * x) 0)). intros [|n]; unfold project; simpl; ring. }
  assert (has : forall t, has_mean R nat (summable halves) (expectation halves) (fun _ => step) t f).
  { intro t. refine (has_mean_ext _ _ _ _ _ halves_mean _ _ _ _ (f_after 1 t)). intro; ring. }
  pose proof (T2 R nat (summable halves) (expectation halves) halves_mean 1 f 0 1 1 (1 / 2) 1 3%nat (1 / 2) Rplus Rmult Rmult) as h.
  specialize (h ltac:(intros; ring) ltac:(intros; ring) ltac:(intro; nra) (fun x => x) project).
  specialize (h ltac:(intros [|n] x y; unfold project; simpl; ring) ltac:(intros [|n] x; reflexivity)).
  specialize (h ltac:(intro x; rewrite (proj2 (seen x)); lra) ltac:(intros x y; unfold f; lra)).
  apply h; try lra; unfold gap, sq_HG, sq_G, f in *; try intro; first [apply seen | apply has | lra].
Qed.

(* ... and there it is an equality. *)
Theorem attained : at_ R nat (expectation halves) (fun _ => step) 3 f 1 = (1 - 1 * 1 * (1 / 2)) ^ 3 * (1 / 2).
Proof.
  assert (E : forall k t x, at_ R nat (expectation halves) (fun _ => step) t (fun x => k * f x) x = (/ 2) ^ t * (k * f x)).
  { intros k t x. revert k; induction t as [|t IH]; intro k; [simpl; ring|]. cbn [at_].
    rewrite (at_ext _ _ _ _ _ halves_mean t _ (fun x => k / 2 * f x)); [rewrite IH; simpl; field | |apply (f_after k (S t))].
    intro; apply (mean_of_f k). }
  transitivity (at_ R nat (expectation halves) (fun _ => step) 3 (fun x => 1 * f x) 1); [|rewrite E; unfold f; simpl; field].
  apply (at_ext _ _ _ _ _ halves_mean); [intro; ring|].
  refine (has_mean_ext _ _ _ _ _ halves_mean _ _ _ _ (f_after 1 3)). intro; ring.
Qed.
