(* After library.v: two laws whose means are as it asks, one of infinitely many values and one of finitely many. *)
From Coq Require Import Rlogic.

(* Whether a number is an upper bound of a sequence is decided by the first axiom of the real numbers, and so is whether
   there is one. *)
Definition below (u : nat -> R) (M : nat) : Prop := forall n, u n <= INR M.

Lemma below_dec u M : {below u M} + {~ below u M}.
Proof.
  destruct (sig_forall_dec (fun n => u n <= INR M) (fun n => Rle_dec (u n) (INR M))) as [[n above]|h]; [right | left].
  - intro h; exact (above (h n)).
  - exact h.
Qed.

Lemma bounded_dec u : {M | below u M} + {forall M, ~ below u M}.
Proof.
  assert (not_dec : forall M, {~ below u M} + {~ ~ below u M}) by (intro M; destruct (below_dec u M); [right | left]; tauto).
  destruct (sig_forall_dec (fun M => ~ below u M) not_dec) as [[M h]|h]; [left | right; exact h].
  exists M. destruct (below_dec u M) as [|no]; [assumption | destruct (h no)].
Qed.

Lemma has_ub_of u M : below u M -> has_ub u.
Proof. intro h. exists (INR M). intros x [n ->]. apply h. Qed.

(* The supremum of a sequence that has an upper bound, and 0 of any other. *)
Definition sup (u : nat -> R) : R :=
  match bounded_dec u with
  | inleft (exist _ M h) => proj1_sig (ub_to_lub u (has_ub_of u M h))
  | inright _ => 0
  end.

Lemma sup_is_limit u l : Un_growing u -> Un_cv u l -> sup u = l.
Proof.
  intros g h. unfold sup. destruct (bounded_dec u) as [[M b]|none].
  - destruct (ub_to_lub u (has_ub_of u M b)) as [m up]. simpl.
    exact (UL_sequence u m l (Un_cv_crit_lub u g m up) h).
  - exfalso. destruct (INR_unbounded l) as [M above]. apply (none M). intro n. pose proof (growing_ineq u l g h n). lra.
Qed.

Lemma cv_const c : Un_cv (fun _ => c) c.
Proof. intros eps pos. exists O. intros n _. unfold Rdist. rewrite Rminus_diag, Rabs_R0. exact pos. Qed.

Lemma cv_cons c u v k l : Un_cv u k -> Un_cv v l -> Un_cv (fun n => c * u n + v n) (c * k + l).
Proof. intros h i. apply CV_plus; [apply CV_mult; [apply cv_const | exact h] | exact i]. Qed.

Lemma sum_growing X : (forall n, 0 <= X n) -> Un_growing (sum X).
Proof. intros h n. simpl. pose proof (h n); lra. Qed.

Lemma sum_cons c X Y n : sum (fun t => c * X t + Y t) n = c * sum X n + sum Y n.
Proof. induction n as [|n IH]; simpl; [ring|]. rewrite IH; ring. Qed.

(* A law on the natural numbers: w n is the probability of n. What is integrable is what converges absolutely. *)
Section Countable.
Variable w : nat -> R.
Hypothesis w_pos : forall n, 0 <= w n.
Hypothesis w_one : Un_cv (sum w) 1.

Definition series (X : nat -> R) : nat -> R := sum (fun n => w n * X n).
Definition summable (X : nat -> R) : Prop := exists l, Un_cv (series (fun n => Rabs (X n))) l.
Definition expectation (X : nat -> R) : R := sup (series (fun n => Rabs (X n) + X n)) - sup (series (fun n => Rabs (X n))).

Lemma series_cons c X Y n : series (fun n => c * X n + Y n) n = c * series X n + series Y n.
Proof. unfold series. rewrite <- sum_cons. apply sum_ext; intro; ring. Qed.

Lemma series_le X Y n : (forall n, X n <= Y n) -> series X n <= series Y n.
Proof. intro h. apply sum_le; intro t. exact (Rmult_le_compat_l _ _ _ (w_pos t) (h t)). Qed.

Lemma series_growing X : (forall n, 0 <= X n) -> Un_growing (series X).
Proof. intro h. apply sum_growing; intro n. exact (Rmult_le_pos _ _ (w_pos n) (h n)). Qed.

(* What is at most a convergent series converges. *)
Lemma series_cv X Y l : (forall n, 0 <= X n <= Y n) -> Un_cv (series Y) l -> exists k, Un_cv (series X) k.
Proof.
  intros h i. destruct (growing_cv (series X)) as [k cv]; [apply series_growing; apply h| |exists k; exact cv].
  exists l. intros x [n ->]. apply Rle_trans with (series Y n); [apply series_le; apply h|].
  apply growing_ineq; [|exact i]. apply series_growing. intro m. destruct (h m); lra.
Qed.

Lemma expectation_is X : summable X -> Un_cv (series X) (expectation X).
Proof.
  intros [a A]. pose proof (fun n => Rabs_pos (X n)) as pos.
  assert (P : forall n, 0 <= Rabs (X n) + X n <= 2 * Rabs (X n) + 0)
    by (intro n; pose proof (Rle_abs (X n)); pose proof (Rle_abs (- X n)) as N; rewrite Rabs_Ropp in N; lra).
  destruct (series_cv _ (fun n => 2 * Rabs (X n) + 0) (2 * a + 0) P) as [b B].
  { apply (Un_cv_ext (fun n => 2 * series (fun n => Rabs (X n)) n + 0)); [|apply cv_cons; [exact A | apply cv_const]].
    intro n. rewrite (series_cons 2 (fun n => Rabs (X n)) (fun _ => 0)). f_equal. unfold series.
    induction n as [|n IH]; simpl; [reflexivity | rewrite <- IH; ring]. }
  unfold expectation. rewrite (sup_is_limit _ b), (sup_is_limit _ a); try assumption; try (apply series_growing; apply P || apply pos).
  apply (Un_cv_ext (fun n => (-1) * series (fun n => Rabs (X n)) n + series (fun n => Rabs (X n) + X n) n)).
  - intro n. rewrite <- series_cons. apply sum_ext; intro; ring.
  - replace (b - a) with ((-1) * a + b) by ring. apply cv_cons; assumption.
Qed.

Theorem countable_mean : is_mean nat summable expectation.
Proof.
  assert (cons : forall c X Y, summable X -> summable Y -> summable (fun n => c * X n + Y n)).
  { intros c X Y [k A] [l B].
    apply (series_cv _ (fun n => Rabs c * Rabs (X n) + Rabs (Y n)) (Rabs c * k + l)).
    - intro n. split; [apply Rabs_pos|]. rewrite <- Rabs_mult. apply Rabs_triang.
    - apply (Un_cv_ext (fun n => Rabs c * series (fun n => Rabs (X n)) n + series (fun n => Rabs (Y n)) n));
        [intro; symmetry; apply series_cons | apply cv_cons; assumption]. }
  assert (const : forall c, Un_cv (series (fun _ => c)) c).
  { intro c. assert (A : Un_cv (fun n => c * sum w n + 0) (c * 1 + 0)) by (apply cv_cons; [exact w_one | apply cv_const]).
    replace (c * 1 + 0) with c in A by ring. refine (Un_cv_ext _ _ _ _ A).
    intro n. rewrite Rplus_0_r, <- sum_times. apply sum_ext; intro; ring. }
  repeat split.
  - intros X Y i j h.
    exact (Rle_cv_lim (fun n => series_le X Y n h) (expectation_is X i) (expectation_is Y j)).
  - apply cons; assumption.
  - apply (UL_sequence (series (fun n => c * X n + Y n))); [apply expectation_is, cons; assumption|].
    apply (Un_cv_ext (fun n => c * series X n + series Y n)); [intro; symmetry; apply series_cons|].
    apply cv_cons; apply expectation_is; assumption.
  - exists (Rabs c). apply const.
  - apply (UL_sequence (series (fun _ => c))); [apply expectation_is; exists (Rabs c); apply const | apply const].
  - intros X Y h [l A]. exists l. refine (Un_cv_ext _ _ _ _ A). intro n. apply sum_ext; intro t. rewrite h; reflexivity.
Qed.
End Countable.

(* The law of how often a coin shows heads before it shows tails *)
Definition halves (n : nat) : R := (/ 2) ^ S n.

Theorem halves_mean : is_mean nat (summable halves) (expectation halves).
Proof.
  apply countable_mean; [intro n; apply pow_le; lra|].
  assert (A : Un_cv (fun n => (-1) * (/ 2) ^ n + 1) ((-1) * 0 + 1)).
  { apply cv_cons; [|apply cv_const].
    intros eps pos. destruct (pow_lt_1_zero (/ 2)) with (2 := pos) as [N small]; [rewrite Rabs_pos_eq; lra|].
    exists N. intros n le. unfold Rdist. rewrite Rminus_0_r. exact (small n le). }
  replace ((-1) * 0 + 1) with 1 in A by ring. refine (Un_cv_ext _ _ _ _ A).
  induction n as [|n IH]; [simpl; ring|]. cbn [sum]. rewrite <- IH. unfold halves. simpl. field.
Qed.

(* A law on points, of which p t has the weight w t: every function is integrable. *)
Theorem finite_mean (D : Type) (w : nat -> R) (p : nat -> D) n : (forall t, 0 <= w t) -> sum w n = 1 ->
  is_mean D (fun _ => True) (fun X => sum (fun t => w t * X (p t)) n).
Proof.
  intros pos total. repeat split.
  - intros X Y _ _ h. apply sum_le; intro t. exact (Rmult_le_compat_l _ _ _ (pos t) (h (p t))).
  - rewrite <- sum_cons. apply sum_ext; intro; ring.
  - transitivity (c * sum w n); [rewrite <- sum_times; apply sum_ext; intro; ring | rewrite total; ring].
Qed.
