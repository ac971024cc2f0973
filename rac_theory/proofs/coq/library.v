(* What every file begins with: sums, means, and the rules of induction, from the real numbers of Coq alone. *)
Require Import Reals Lra Psatz.
Open Scope R_scope.

(* Sums over t < n. *)
Fixpoint sum (X : nat -> R) (n : nat) : R := match n with O => 0 | S t => sum X t + X t end.

Lemma sum_le X Y n : (forall t, X t <= Y t) -> sum X n <= sum Y n.
Proof. intro h; induction n as [|n IH]; simpl; [lra|]. pose proof (h n); lra. Qed.

Lemma sum_ext X Y n : (forall t, X t = Y t) -> sum X n = sum Y n.
Proof. intro h; induction n as [|n IH]; simpl; [reflexivity|]. rewrite IH, h; reflexivity. Qed.

Lemma sum_times c X n : sum (fun t => c * X t) n = c * sum X n.
Proof. induction n as [|n IH]; simpl; [ring|]. rewrite IH; ring. Qed.

Lemma sum_first X n : sum X (S n) = X O + sum (fun t => X (S t)) n.
Proof. induction n as [|n IH]; simpl; [ring|]. simpl in IH. lra. Qed.

Lemma sum_powers_nonneg b n : 0 <= b -> 0 <= sum (fun t => b ^ t) n.
Proof. intro h; induction n as [|n IH]; simpl; [lra|]. pose proof (pow_le b n h); lra. Qed.

Lemma sum_powers_pos b n : 0 < b -> 0 < INR n -> 0 < sum (fun t => b ^ t) n.
Proof.
  intros h k. destruct n as [|n]; simpl in *; [lra|].
  pose proof (sum_powers_nonneg b n (Rlt_le _ _ h)). pose proof (pow_lt b n h). lra.
Qed.

Lemma sum_powers_next b n : sum (fun t => b ^ t) (S n) = 1 + b * sum (fun t => b ^ t) n.
Proof. rewrite sum_first, <- sum_times. simpl. reflexivity. Qed.

Lemma sum_powers_closed b n : (b - 1) * sum (fun t => b ^ t) n = b ^ n - 1.
Proof. induction n as [|n IH]; simpl; [ring|]. rewrite Rmult_plus_distr_l, IH. ring. Qed.

Lemma power_closed b n : b ^ n = 1 + (b - 1) * sum (fun t => b ^ t) n.
Proof. rewrite sum_powers_closed; ring. Qed.

(* How a fact follows from others. *)
Lemma diff a b : a <= b -> 0 <= b - a. Proof. lra. Qed.
Lemma diff_lt a b : a < b -> 0 < b - a. Proof. lra. Qed.
Lemma moved a b v : a <= b -> b - a = v -> 0 <= v. Proof. lra. Qed.
Lemma le_from a b v : 0 <= v -> b - a = v -> a <= b. Proof. lra. Qed.
Lemma lt_from a b v : 0 < v -> b - a = v -> a < b. Proof. lra. Qed.
Lemma plus_pos a b : 0 < a -> 0 <= b -> 0 < a + b. Proof. lra. Qed.
Lemma plus_pos_last a b : 0 <= a -> 0 < b -> 0 < a + b. Proof. lra. Qed.
Lemma divided a b c d v : 0 < d - c -> 0 <= v -> (b - a) * (d - c) = v -> a <= b.
Proof.
  intros h k e. destruct (Rle_or_lt a b) as [|o]; [assumption|exfalso].
  assert (0 < (a - b) * (d - c)) by (apply Rmult_lt_0_compat; lra). lra.
Qed.

(* A mean: positive, linear, and 1 of 1. *)
Section Mean.
Variables (D : Type) (E : (D -> R) -> R).
Definition is_mean : Prop :=
  (forall X Y, (forall d, X d <= Y d) -> E X <= E Y) /\
  (forall c X Y, E (fun d => c * X d + Y d) = c * E X + E Y) /\
  (forall c, E (fun _ => c) = c).
Hypothesis mean : is_mean.

Lemma mean_le X Y : (forall d, X d <= Y d) -> E X <= E Y.
Proof. destruct mean as [h _]; apply h. Qed.

Lemma mean_ext X Y : (forall d, X d = Y d) -> E X = E Y.
Proof. intro h; apply Rle_antisym; apply mean_le; intro d; rewrite h; lra. Qed.

Lemma mean_const c : E (fun _ => c) = c.
Proof. destruct mean as [_ [_ h]]; apply h. Qed.

Lemma mean_cons c X Y e : E Y = e -> E (fun d => c * X d + Y d) = c * E X + e.
Proof. destruct mean as [_ [h _]]; intros <-; apply h. Qed.

Lemma mean_nonneg X : (forall d, 0 <= X d) -> 0 <= E X.
Proof. intro h. apply Rle_trans with (E (fun _ => 0)); [rewrite mean_const; lra | apply mean_le; exact h]. Qed.

Lemma mean_affine c X e : E (fun d => c * X d + e) = c * E X + e.
Proof. apply mean_cons, mean_const. Qed.
End Mean.

(* Steps: what is drawn is drawn afresh, and at_ t X W is the mean of X, t steps after W. *)
Section Steps.
Variables (State Draw : Type) (E : (Draw -> R) -> R) (next : State -> Draw -> State).
Hypothesis mean : is_mean Draw E.

Fixpoint at_ (t : nat) (X : State -> R) (W : State) : R :=
  match t with O => X W | S t => E (fun H => at_ t X (next W H)) end.

Lemma at_last t X W : at_ (S t) X W = at_ t (fun W => E (fun H => X (next W H))) W.
Proof.
  revert W; induction t as [|t IH]; intro W; [reflexivity|].
  change (E (fun H => at_ (S t) X (next W H)) = E (fun H => at_ t (fun W => E (fun H => X (next W H))) (next W H))).
  apply (mean_ext _ _ mean); intro H; apply IH.
Qed.

Lemma at_le t X Y W : (forall W, X W <= Y W) -> at_ t X W <= at_ t Y W.
Proof. intro h; revert W; induction t as [|t IH]; intro W; simpl; [apply h|]. apply (mean_le _ _ mean); intro; apply IH. Qed.

Lemma at_cons t c X Y W : at_ t (fun W => c * X W + Y W) W = c * at_ t X W + at_ t Y W.
Proof.
  revert W; induction t as [|t IH]; intro W; simpl; [reflexivity|].
  rewrite <- (mean_cons _ _ mean c _ _ _ eq_refl). apply (mean_ext _ _ mean); intro H; apply IH.
Qed.

Lemma at_const t c W : at_ t (fun _ => c) W = c.
Proof.
  revert W; induction t as [|t IH]; intro W; simpl; [reflexivity|].
  transitivity (E (fun _ => c)); [apply (mean_ext _ _ mean); intro; apply IH | apply (mean_const _ _ mean)].
Qed.

Lemma at_affine t c X e W : at_ t (fun W => c * X W + e) W = c * at_ t X W + e.
Proof. rewrite at_cons, at_const; reflexivity. Qed.

Lemma at_less t f e W : at_ t (fun W => f W - e) W = at_ t f W - e.
Proof.
  transitivity (at_ t (fun W => 1 * f W + - e) W); [|rewrite at_affine; ring].
  apply Rle_antisym; apply at_le; intro; lra.
Qed.

Theorem iterated x rho e T W0 x0 : 0 <= rho -> (forall W, E (fun H => x (next W H)) <= rho * x W + e) -> x W0 <= x0 ->
  at_ T x W0 <= rho ^ T * x0 + sum (fun t => rho ^ t) T * e.
Proof.
  intros h step start. induction T as [|T IH]; [simpl; lra|].
  rewrite at_last, sum_powers_next. pose proof (at_le T _ _ W0 step) as A. rewrite at_affine in A.
  pose proof (Rmult_le_compat_l _ _ _ h IH). simpl. lra.
Qed.

Theorem settled x rho e c T W0 x0 : 0 <= rho -> (forall W, E (fun H => x (next W H)) <= rho * x W + e) ->
  0 <= c -> 0 <= c - rho * c - e -> x W0 <= x0 -> at_ T x W0 <= rho ^ T * x0 + c.
Proof.
  intros h step floor enough start. induction T as [|T IH]; [simpl; lra|].
  rewrite at_last. pose proof (at_le T _ _ W0 step) as A. rewrite at_affine in A.
  pose proof (Rmult_le_compat_l _ _ _ h IH). simpl. lra.
Qed.

Theorem telescoped x S_ g theta e T W0 x0 : 0 < g ->
  (forall W, theta * S_ W <= g * x W - E (fun H => x (next W H)) + e) -> (forall W, 0 <= x W) -> x W0 <= x0 ->
  theta * (/ g * sum (fun t => (/ g) ^ t * at_ t S_ W0) T) <= x0 + e * (/ g * sum (fun t => (/ g) ^ t) T).
Proof.
  intros h step last start.
  assert (A : theta * (/ g * sum (fun t => (/ g) ^ t * at_ t S_ W0) T) + (/ g) ^ T * at_ T x W0
              <= x0 + e * (/ g * sum (fun t => (/ g) ^ t) T)).
  { induction T as [|T IH]; [simpl; lra|].
    cbn [sum]. rewrite at_last.
    pose proof (pow_lt _ T (Rinv_0_lt_compat _ h)) as P. pose proof (Rinv_0_lt_compat _ h) as Q.
    pose proof (at_le T (fun W => theta * S_ W + 0) (fun W => g * x W + ((-1) * E (fun H => x (next W H)) + e)) W0) as B.
    rewrite at_affine, at_cons, at_affine in B.
    assert (C : theta * at_ T S_ W0 + 0 <= g * at_ T x W0 + (-1 * at_ T (fun W => E (fun H => x (next W H))) W0 + e))
      by (apply B; intro W; pose proof (step W); lra).
    assert (K : 0 <= (/ g) ^ T * / g) by (apply Rmult_le_pos; lra).
    pose proof (Rmult_le_compat_l _ _ _ K C) as F. simpl.
    replace ((/ g) ^ T * at_ T x W0) with ((/ g) ^ T * / g * (g * at_ T x W0)) in IH by (field; lra). lra. }
  assert (0 <= (/ g) ^ T * at_ T x W0).
  { apply Rmult_le_pos; [apply Rlt_le, pow_lt, Rinv_0_lt_compat, h|].
    apply Rle_trans with (at_ T (fun _ => 0) W0); [rewrite at_const; lra | apply at_le; exact last]. }
  lra.
Qed.

Theorem added x S_ theta e T W0 x0 :
  (forall W, theta * S_ W <= x W - E (fun H => x (next W H)) + e) -> (forall W, 0 <= x W) -> x W0 <= x0 ->
  theta * sum (fun t => at_ t S_ W0) T <= x0 + e * INR T.
Proof.
  intros step last start.
  assert (A : theta * sum (fun t => at_ t S_ W0) T + at_ T x W0 <= x0 + e * INR T).
  { induction T as [|T IH]; [simpl; lra|].
    rewrite S_INR. cbn [sum]. rewrite at_last.
    pose proof (at_le T (fun W => theta * S_ W + 0) (fun W => 1 * x W + ((-1) * E (fun H => x (next W H)) + e)) W0) as B.
    rewrite at_affine, at_cons, at_affine in B.
    assert (C : theta * at_ T S_ W0 + 0 <= 1 * at_ T x W0 + (-1 * at_ T (fun W => E (fun H => x (next W H))) W0 + e))
      by (apply B; intro W; pose proof (step W); lra).
    lra. }
  assert (0 <= at_ T x W0) 
    by (apply Rle_trans with (at_ T (fun _ => 0) W0); [rewrite at_const; lra | apply at_le; exact last]).
  lra.
Qed.

Theorem accumulated x S_ p T W0 x0 : p O = 0 -> (forall j, 0 <= p j) ->
  (forall j W, S_ W <= p (S j) * x W - p j * E (fun H => x (next W H))) -> x W0 <= x0 ->
  sum (fun t => at_ t S_ W0) T <= p T * x0.
Proof.
  intros zero pos step start.
  assert (A : forall n W, sum (fun t => at_ t S_ W) n <= p n * x W).
  { induction n as [|n IH]; intro W; [simpl; rewrite zero; lra|].
    rewrite sum_first.
    assert (B : sum (fun t => at_ (S t) S_ W) n <= p n * E (fun H => x (next W H))).
    { assert (C : sum (fun t => at_ (S t) S_ W) n = E (fun H => sum (fun t => at_ t S_ (next W H)) n)).
      { clear - mean. induction n as [|n IH]; cbn [sum].
        - symmetry; apply (mean_const _ _ mean).
        - rewrite IH. symmetry.
          transitivity (E (fun H => 1 * sum (fun t => at_ t S_ (next W H)) n + at_ n S_ (next W H)));
            [apply (mean_ext _ _ mean); intro; ring|].
          rewrite (mean_cons _ _ mean _ _ _ _ eq_refl). simpl. ring. }
      rewrite C. transitivity (E (fun H => p n * x (next W H) + 0)).
      - apply (mean_le _ _ mean); intro H. pose proof (IH (next W H)); lra.
      - rewrite (mean_affine _ _ mean); lra. }
    pose proof (step n W). simpl at_ at 1. lra. }
  pose proof (A T W0). pose proof (Rmult_le_compat_l _ _ _ (pos T) start). lra.
Qed.

Theorem with_potential psi x c p T W0 v : 0 <= c -> (forall W, E (fun H => psi (next W H)) <= psi W - c * x W) ->
  (forall W, E (fun H => x (next W H)) <= x W) -> (forall W, p * x W <= psi W) -> psi W0 <= v ->
  (c * INR T + p) * at_ T x W0 <= v.
Proof.
  intros h step falls above start.
  assert (A : c * INR T * at_ T x W0 + at_ T psi W0 <= v).
  { induction T as [|T IH]; [simpl; lra|].
    rewrite S_INR, !at_last.
    pose proof (at_le T (fun W => E (fun H => psi (next W H))) (fun W => (- c) * x W + psi W) W0) as B.
    rewrite at_cons in B.
    assert (C : at_ T (fun W => E (fun H => psi (next W H))) W0 <= - c * at_ T x W0 + at_ T psi W0)
      by (apply B; intro W; pose proof (step W); lra).
    pose proof (at_le T _ _ W0 falls) as F.
    assert (K : 0 <= c * (INR T + 1)) by (apply Rmult_le_pos; [assumption|]; pose proof (pos_INR T); lra).
    pose proof (Rmult_le_compat_l _ _ _ K F). lra. }
  pose proof (at_le T (fun W => p * x W + 0) psi W0) as B. rewrite at_affine in B.
  assert (p * at_ T x W0 + 0 <= at_ T psi W0) by (apply B; intro W; pose proof (above W); lra).
  lra.
Qed.
End Steps.

(* Steps that change with t: from W at t the next point is next t W H, and at_time t X W is the mean of X after t. *)
Section StepsInTime.
Variables (State Draw : Type) (E : (Draw -> R) -> R) (next : nat -> State -> Draw -> State).
Hypothesis mean : is_mean Draw E.

Fixpoint at_time (t : nat) (X : State -> R) (W : State) : R :=
  match t with O => X W | S t => at_time t (fun W => E (fun H => X (next t W H))) W end.

Lemma time_le t X Y W : (forall W, X W <= Y W) -> at_time t X W <= at_time t Y W.
Proof.
  revert X Y; induction t as [|t IH]; intros X Y h; simpl; [apply h|].
  apply IH; intro V. apply (mean_le _ _ mean); intro; apply h.
Qed.

Lemma time_ext t X Y W : (forall W, X W = Y W) -> at_time t X W = at_time t Y W.
Proof. intro h; apply Rle_antisym; apply time_le; intro V; rewrite h; lra. Qed.

Lemma time_cons t c X Y W : at_time t (fun W => c * X W + Y W) W = c * at_time t X W + at_time t Y W.
Proof.
  revert X Y; induction t as [|t IH]; intros X Y; simpl; [reflexivity|].
  rewrite <- IH. apply time_ext; intro V. apply (mean_cons _ _ mean); reflexivity.
Qed.

Lemma time_const t c W : at_time t (fun _ => c) W = c.
Proof.
  induction t as [|t IH]; simpl; [reflexivity|].
  transitivity (at_time t (fun _ => c) W); [apply time_ext; intro; apply (mean_const _ _ mean) | exact IH].
Qed.

Lemma time_affine t c X e W : at_time t (fun W => c * X W + e) W = c * at_time t X W + e.
Proof. rewrite time_cons, time_const; reflexivity. Qed.

Lemma time_less t f e W : at_time t (fun W => f W - e) W = at_time t f W - e.
Proof.
  transitivity (at_time t (fun W => 1 * f W + - e) W); [|rewrite time_affine; ring].
  apply time_ext; intro; lra.
Qed.

Theorem weighed x a c e T W0 x0 : (forall t, 0 <= a t) ->
  (forall t W, a (S t) * E (fun H => x (next t W H)) <= a t * x W + c * e t) -> x W0 <= x0 ->
  a T * at_time T x W0 <= a O * x0 + c * sum e T.
Proof.
  intros pos step start. induction T as [|T IH].
  - simpl. pose proof (Rmult_le_compat_l _ _ _ (pos O) start). lra.
  - cbn [sum at_time].
    pose proof (time_le T (fun W => a (S T) * E (fun H => x (next T W H)) + 0) (fun W => a T * x W + c * e T) W0) as B.
    rewrite !time_affine in B.
    assert (C : a (S T) * at_time T (fun W => E (fun H => x (next T W H))) W0 + 0 <= a T * at_time T x W0 + c * e T)
      by (apply B; intro W; pose proof (step T W); lra).
    lra.
Qed.

Theorem gathered x S_ q theta e h g T W0 x0 : 0 <= q -> 0 <= theta -> 0 <= e -> (forall t, 0 <= h t) ->
  (forall t, 0 <= g t) -> 0 <= 1 - q * sum h T ->
  (forall t W, theta * (g t * S_ W) <= (1 + q * h t) * x W - E (fun H => x (next t W H)) + e * h t) ->
  (forall W, 0 <= S_ W) -> (forall W, 0 <= x W) -> x W0 <= x0 ->
  theta * ((1 - q * sum h T) * sum (fun t => g t * at_time t S_ W0) T) <= x0 + e * sum h T.
Proof.
  intros hq ht he hh hg enough step hS hx start.
  set (X := fun t => at_time t x W0). set (G := fun n => sum (fun t => g t * at_time t S_ W0) n).
  assert (A : forall n, theta * G n + X n <= x0 + e * sum h n + q * sum (fun t => h t * X t) n).
  { induction n as [|n IH]; [unfold X, G; simpl; lra|]. unfold X, G in *. cbn [sum at_time].
    pose proof (time_le n (fun W => theta * g n * S_ W + 0)
      (fun W => (1 + q * h n) * x W + ((-1) * E (fun H => x (next n W H)) + e * h n)) W0) as B.
    rewrite time_affine, time_cons, time_affine in B.
    assert (C : theta * g n * at_time n S_ W0 + 0 <= (1 + q * h n) * at_time n x W0
      + (-1 * at_time n (fun W => E (fun H => x (next n W H))) W0 + e * h n))
      by (apply B; intro W; pose proof (step n W); lra).
    lra. }
  assert (PX : forall n, 0 <= X n).
  { intro n. unfold X. apply Rle_trans with (at_time n (fun _ => 0) W0); [rewrite time_const; lra | apply time_le; exact hx]. }
  assert (PG : forall n, 0 <= G n).
  { intro n. unfold G. induction n as [|n IH]; cbn [sum]; [lra|].
    assert (0 <= at_time n S_ W0)
      by (apply Rle_trans with (at_time n (fun _ => 0) W0); [rewrite time_const; lra | apply time_le; exact hS]).
    pose proof (Rmult_le_pos _ _ (hg n) H). lra. }
  assert (PH : forall n, 0 <= sum h n) by (induction n as [|n IH]; cbn [sum]; [lra | pose proof (hh n); lra]).
  (* Some m bounds X before n by what X is bounded by itself. *)
  assert (M : forall n, exists m, 0 <= m /\ (forall t, (t < n)%nat -> X t <= m) /\ m <= x0 + e * sum h n + q * sum h n * m).
  { induction n as [|n [m [pm [below IH]]]].
    - exists 0. split; [lra|]. split; [intros t l; inversion l|]. cbn [sum]. pose proof (hx W0). lra.
    - assert (step_h : sum h n <= sum h (S n)) by (cbn [sum]; pose proof (hh n); lra).
      assert (Xn : X n <= x0 + e * sum h n + q * sum h n * m).
      { pose proof (A n). pose proof (Rmult_le_pos _ _ ht (PG n)).
        assert (K : sum (fun t => h t * X t) n <= sum h n * m).
        { clear - below hh. induction n as [|n IH]; cbn [sum]; [lra|].
          assert (sum (fun t => h t * X t) n <= sum h n * m) by (apply IH; intros t l; apply below; lia).
          assert (X n <= m) by (apply below; lia). pose proof (Rmult_le_compat_l _ _ _ (hh n) H0). lra. }
        pose proof (Rmult_le_compat_l _ _ _ hq K). lra. }
      pose proof (Rmult_le_compat_l _ _ _ he step_h). pose proof (Rmult_le_compat_l _ _ _ hq step_h).
      exists (Rmax m (X n)). pose proof (Rmax_l m (X n)). pose proof (Rmax_r m (X n)).
      split; [lra|]. split.
      + intros t l. destruct (Nat.eq_dec t n) as [->|]; [assumption|].
        apply Rle_trans with m; [apply below; lia | assumption].
      + assert (P1 : q * sum h n * m <= q * sum h (S n) * Rmax m (X n)).
        { apply Rmult_le_compat; try assumption. apply Rmult_le_pos; [assumption | apply PH]. }
        unfold Rmax at 1. destruct (Rle_dec m (X n)); lra. }
  destruct (M T) as [m [pm [below bound]]].
  pose proof (A T) as last. pose proof (PX T).
  assert (K : sum (fun t => h t * X t) T <= sum h T * m).
  { clear - below hh. induction T as [|n IH]; cbn [sum]; [lra|].
    assert (sum (fun t => h t * X t) n <= sum h n * m) by (apply IH; intros t l; apply below; lia).
    assert (X n <= m) by (apply below; lia). pose proof (Rmult_le_compat_l _ _ _ (hh n) H0). lra. }
  pose proof (Rmult_le_compat_l _ _ _ hq K) as L1.
  assert (total : theta * G T <= x0 + e * sum h T + q * sum h T * m) by lra.
  pose proof (Rmult_le_compat_l _ _ _ enough total) as L2.
  assert (Q0 : 0 <= q * sum h T) by (apply Rmult_le_pos; [assumption | apply PH]).
  pose proof (Rmult_le_compat_l _ _ _ Q0 bound) as L3. fold (G T). lra.
Qed.
End StepsInTime.

Lemma sum_pos X n : (forall t, 0 < X t) -> 0 < INR n -> 0 < sum X n.
Proof.
  intros h k. destruct n as [|n]; [simpl in k; lra|]. clear k.
  induction n as [|n IH]; cbn [sum] in *; [pose proof (h O); lra | pose proof (h (S n)); lra].
Qed.

(* Steps of a client under one draw, from where it starts. *)
Theorem drifted (x : nat -> R) g c y K : 0 <= g -> x O = 0 -> (forall k, x (S k) <= g * x k + c * y) ->
  1 / INR K * sum x K <= 1 / INR K * sum (fun k => c * sum (fun i => g ^ i) k) K * y.
Proof.
  intros h zero step.
  assert (A : forall k, x k <= c * sum (fun i => g ^ i) k * y).
  { induction k as [|k IH]; [simpl; lra|]. rewrite sum_powers_next.
    pose proof (step k). pose proof (Rmult_le_compat_l _ _ _ h IH). lra. }
  assert (B : sum x K <= sum (fun k => c * sum (fun i => g ^ i) k) K * y).
  { rewrite (Rmult_comm _ y), <- sum_times. apply sum_le; intro k. pose proof (A k); lra. }
  assert (P : 0 <= 1 / INR K).
  { destruct K as [|K]; [simpl; unfold Rdiv; rewrite Rinv_0; lra|].
    apply Rlt_le, Rdiv_lt_0_compat; [lra|apply lt_0_INR, Nat.lt_0_succ]. }
  pose proof (Rmult_le_compat_l _ _ _ P B). lra.
Qed.

(* Denominators are not zero, by what is known to be positive. *)
Ltac by_quotient := let zero := fresh in let same := fresh in intro zero; match goal with positive : 0 < ?a / _ |- _ =>
  assert (same : a = 0) by (rewrite <- zero; ring); rewrite same in positive; unfold Rdiv in positive;
  rewrite Rmult_0_l in positive; lra end.
Ltac simply := repeat match goal with |- _ /\ _ => split end; match goal with |- _ <> 0 =>
  first [apply Rgt_not_eq; first [assumption | lra | apply pow_lt; lra] | by_quotient] end.
Ltac by_fraction := let zero := fresh in intro zero; match goal with positive : 0 < ?v |- _ =>
  match v with context [_ / _] => idtac end;
  let same := fresh in assert (same : v = 0) by (field_simplify_eq; [lra | simply]); lra end.
Ltac by_power := match goal with positive : 0 < ?v |- ?d <> 0 =>
  first [replace d with (v ^ 2) by ring | replace d with (v ^ 3) by ring]; apply pow_nonzero, Rgt_not_eq; assumption end.
Ltac nonzero := repeat match goal with |- _ /\ _ => split end; match goal with |- _ <> 0 =>
  first [simply | by_fraction | by_power | apply Rgt_not_eq; nra] end.
