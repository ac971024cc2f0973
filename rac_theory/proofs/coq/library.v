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
Ltac nonzero := repeat match goal with |- _ /\ _ => split end; match goal with |- _ <> 0 =>
  first [simply | by_fraction | apply Rgt_not_eq; nra] end.
