(* What every file begins with: sums, means, and the rules of induction, from the real numbers of Coq alone. *)
From Coq Require Import Reals Lra Psatz.
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

Lemma sum_nonneg X n : (forall t, 0 <= X t) -> 0 <= sum X n.
Proof. intro h; induction n as [|n IH]; simpl; [lra|]. pose proof (h n); lra. Qed.

Lemma pow_shorter b n m : (m <= n)%nat -> b ^ n = b ^ m * b ^ (n - m).
Proof. intro h. rewrite <- pow_add. f_equal. lia. Qed.

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

(* A mean over a law: of a class of functions that are integrable, which has the constants and, with any two, their sums
   and multiples, it is linear, monotone, and 1 of 1. Of no other function is anything said. *)
Section Mean.
Variables (D : Type) (integrable : (D -> R) -> Prop) (E : (D -> R) -> R).
Definition is_mean : Prop :=
  (forall X Y, integrable X -> integrable Y -> (forall d, X d <= Y d) -> E X <= E Y) /\
  (forall c X Y, integrable X -> integrable Y ->
    integrable (fun d => c * X d + Y d) /\ E (fun d => c * X d + Y d) = c * E X + E Y) /\
  (forall c, integrable (fun _ => c) /\ E (fun _ => c) = c) /\
  (forall X Y, (forall d, X d = Y d) -> integrable X -> integrable Y).
Hypothesis mean : is_mean.

(* X is integrable, and its mean is e. *)
Definition averages X e := integrable X /\ E X = e.

Lemma mean_le X Y : integrable X -> integrable Y -> (forall d, X d <= Y d) -> E X <= E Y.
Proof. destruct mean as [h _]; apply h. Qed.

Lemma mean_ext X Y : (forall d, X d = Y d) -> integrable X -> E X = E Y.
Proof.
  intros h i. assert (j : integrable Y) by (destruct mean as [_ [_ [_ same]]]; exact (same X Y h i)).
  apply Rle_antisym; apply mean_le; try assumption; intro d; rewrite h; lra.
Qed.

Lemma averages_const c : averages (fun _ => c) c.
Proof. destruct mean as [_ [_ [h _]]]; apply h. Qed.

Lemma averages_cons c X Y e : integrable X -> averages Y e -> averages (fun d => c * X d + Y d) (c * E X + e).
Proof. intros i [j <-]. destruct mean as [_ [h _]]. exact (h c X Y i j). Qed.

Lemma averages_ext X Y e : (forall d, X d = Y d) -> averages X e -> averages Y e.
Proof.
  intros h [i <-]. split; [destruct mean as [_ [_ [_ same]]]; exact (same X Y h i) | symmetry; exact (mean_ext X Y h i)].
Qed.

Lemma mean_nonneg X e : averages X e -> (forall d, 0 <= X d) -> 0 <= e.
Proof.
  intros [i <-] h. destruct (averages_const 0) as [j z]. rewrite <- z. apply mean_le; [exact j | exact i | exact h].
Qed.
End Mean.

(* Steps: what is drawn is drawn afresh, from W at t the next point is next t W H, and at_ t X W is the mean of X after t
   steps from W. *)
Section Steps.
Variables (State Draw : Type) (integrable : (Draw -> R) -> Prop) (E : (Draw -> R) -> R).
Variable next : nat -> State -> Draw -> State.
Hypothesis mean : is_mean Draw integrable E.

Fixpoint at_ (t : nat) (X : State -> R) (W : State) : R :=
  match t with O => X W | S t => at_ t (fun W => E (fun H => X (next t W H))) W end.

(* X has a mean after t steps, wherever they start: it is integrable over the last draw, its mean over that draw over the
   one before, and so on. *)
Fixpoint has_mean (t : nat) (X : State -> R) : Prop :=
  match t with
  | O => True
  | S t => (forall W, integrable (fun H => X (next t W H))) /\ has_mean t (fun W => E (fun H => X (next t W H)))
  end.

Lemma has_mean_ext t X Y : (forall W, X W = Y W) -> has_mean t X -> has_mean t Y.
Proof.
  revert X Y; induction t as [|t IH]; intros X Y h; [trivial|]. intros [i j]. split.
  - intro W. apply (averages_ext _ _ _ mean (fun H => X (next t W H)) _ (E (fun H => X (next t W H)))).
    + intro; apply h.
    + split; [apply i | reflexivity].
  - refine (IH _ _ _ j). intro W. apply (mean_ext _ _ _ mean); [intro; apply h | apply i].
Qed.

Lemma has_mean_cons t c X Y : has_mean t X -> has_mean t Y -> has_mean t (fun W => c * X W + Y W).
Proof.
  revert X Y; induction t as [|t IH]; intros X Y; [trivial|]. intros [i j] [k l].
  assert (A : forall W, averages _ integrable E (fun H => c * X (next t W H) + Y (next t W H))
                (c * E (fun H => X (next t W H)) + E (fun H => Y (next t W H))))
    by (intro W; apply (averages_cons _ _ _ mean); [apply i | split; [apply k | reflexivity]]).
  split; [intro W; apply A|]. refine (has_mean_ext _ _ _ _ (IH _ _ j l)). intro W. symmetry; apply A.
Qed.

Lemma has_mean_const t c : has_mean t (fun _ => c).
Proof.
  induction t as [|t IH]; [exact I|]. split; [intro W; apply (averages_const _ _ _ mean)|].
  refine (has_mean_ext _ _ _ _ IH). intro W. symmetry; apply (averages_const _ _ _ mean).
Qed.

Lemma has_mean_affine t c X e : has_mean t X -> has_mean t (fun W => c * X W + e).
Proof. intro h. apply has_mean_cons; [exact h | apply has_mean_const]. Qed.

Lemma has_mean_less X e : (forall t, has_mean t X) -> forall t, has_mean t (fun W => X W - e).
Proof. intros h t. refine (has_mean_ext _ _ _ _ (has_mean_affine t 1 X (- e) (h t))). intro; lra. Qed.

Lemma at_le t X Y W : has_mean t X -> has_mean t Y -> (forall W, X W <= Y W) -> at_ t X W <= at_ t Y W.
Proof.
  revert X Y; induction t as [|t IH]; intros X Y i j h; simpl; [apply h|].
  apply IH; [apply i | apply j | intro V]. apply (mean_le _ _ _ mean); [apply i | apply j | intro; apply h].
Qed.

Lemma at_ext t X Y W : (forall W, X W = Y W) -> has_mean t X -> at_ t X W = at_ t Y W.
Proof.
  intros h i. pose proof (has_mean_ext _ _ _ h i). apply Rle_antisym; apply at_le; try assumption; intro V; rewrite h; lra.
Qed.

Lemma at_cons t c X Y W : has_mean t X -> has_mean t Y -> at_ t (fun W => c * X W + Y W) W = c * at_ t X W + at_ t Y W.
Proof.
  revert X Y; induction t as [|t IH]; intros X Y i j; simpl; [reflexivity|].
  rewrite <- IH; [|apply i | apply j]. apply at_ext; [|apply (has_mean_cons (S t)); assumption].
  intro V. apply (averages_cons _ _ _ mean); [apply i | split; [apply j | reflexivity]].
Qed.

Lemma at_const t c W : at_ t (fun _ => c) W = c.
Proof.
  induction t as [|t IH]; simpl; [reflexivity|].
  transitivity (at_ t (fun _ => c) W); [|exact IH].
  apply at_ext; [intro; apply (averages_const _ _ _ mean) | apply (has_mean_const (S t))].
Qed.

Lemma at_affine t c X e W : has_mean t X -> at_ t (fun W => c * X W + e) W = c * at_ t X W + e.
Proof. intro h. rewrite at_cons, at_const; [reflexivity | exact h | apply has_mean_const]. Qed.

Lemma at_less t f e W : (forall t, has_mean t f) -> at_ t (fun W => f W - e) W = at_ t f W - e.
Proof.
  intro h. transitivity (at_ t (fun W => 1 * f W + - e) W); [|rewrite at_affine; [ring | apply h]].
  apply at_ext; [intro; lra | apply has_mean_less, h].
Qed.

Lemma at_nonneg t X W : has_mean t X -> (forall W, 0 <= X W) -> 0 <= at_ t X W.
Proof.
  intros i h. apply Rle_trans with (at_ t (fun _ => 0) W); [rewrite at_const; lra|].
  apply at_le; [apply has_mean_const | exact i | exact h].
Qed.

Section OfX.
Variable x : State -> R.
Hypothesis has_x : forall t, has_mean t x.

(* What is at most a multiple of x and so much more is that on average, after t steps. *)
Lemma at_next t W c e : (forall W, E (fun H => x (next t W H)) <= c * x W + e) -> at_ (S t) x W <= c * at_ t x W + e.
Proof.
  intro step. rewrite <- at_affine by apply has_x. cbn [at_]. apply at_le; [apply (has_x (S t)) | apply has_mean_affine, has_x | exact step].
Qed.

Theorem iterated rho e T W0 x0 : 0 <= rho -> (forall t W, E (fun H => x (next t W H)) <= rho * x W + e) -> x W0 <= x0 ->
  at_ T x W0 <= rho ^ T * x0 + sum (fun t => rho ^ t) T * e.
Proof.
  intros h step start. induction T as [|T IH]; [simpl; lra|].
  rewrite sum_powers_next. pose proof (at_next T W0 _ _ (step T)) as A.
  pose proof (Rmult_le_compat_l _ _ _ h IH). simpl pow. lra.
Qed.

Theorem weighed a c e T W0 x0 : (forall t, 0 <= a t) ->
  (forall t W, a (S t) * E (fun H => x (next t W H)) <= a t * x W + c * e t) -> x W0 <= x0 ->
  a T * at_ T x W0 <= a O * x0 + c * sum e T.
Proof.
  intros pos step start. induction T as [|T IH].
  - simpl. pose proof (Rmult_le_compat_l _ _ _ (pos O) start). lra.
  - cbn [sum].
    assert (C : a (S T) * at_ (S T) x W0 + 0 <= a T * at_ T x W0 + c * e T).
    { cbn [at_]. rewrite <- !at_affine by first [apply (has_x (S T)) | apply has_x].
      apply at_le; try (apply has_mean_affine; first [apply (has_x (S T)) | apply has_x]).
      intro W; pose proof (step T W); lra. }
    lra.
Qed.

Variable S_ : State -> R.
Hypothesis has_S : forall t, has_mean t S_.

(* A step that pays for S_ does so on average, after t steps. *)
Lemma at_paid t W theta g e : (forall W, theta * S_ W <= g * x W - E (fun H => x (next t W H)) + e) ->
  theta * at_ t S_ W + at_ (S t) x W <= g * at_ t x W + e.
Proof.
  intro step. destruct (has_x (S t)) as [_ after].
  rewrite <- (at_affine t g x e) by apply has_x. cbn [at_]. rewrite <- at_cons by first [apply has_S | exact after].
  apply at_le; [apply has_mean_cons; [apply has_S | exact after] | apply has_mean_affine, has_x|].
  intro V; pose proof (step V); lra.
Qed.

Theorem telescoped g theta e T W0 x0 : 0 < g ->
  (forall t W, theta * S_ W <= g * x W - E (fun H => x (next t W H)) + e) -> (forall W, 0 <= x W) -> x W0 <= x0 ->
  theta * (/ g * sum (fun t => (/ g) ^ t * at_ t S_ W0) T) <= x0 + e * (/ g * sum (fun t => (/ g) ^ t) T).
Proof.
  intros h step last start.
  assert (A : theta * (/ g * sum (fun t => (/ g) ^ t * at_ t S_ W0) T) + (/ g) ^ T * at_ T x W0
              <= x0 + e * (/ g * sum (fun t => (/ g) ^ t) T)).
  { induction T as [|T IH]; [simpl; lra|].
    cbn [sum]. pose proof (pow_lt _ T (Rinv_0_lt_compat _ h)) as P. pose proof (Rinv_0_lt_compat _ h) as Q.
    pose proof (at_paid T W0 _ _ _ (step T)) as C.
    assert (K : 0 <= (/ g) ^ T * / g) by (apply Rmult_le_pos; lra).
    pose proof (Rmult_le_compat_l _ _ _ K C) as F. simpl pow.
    replace ((/ g) ^ T * at_ T x W0) with ((/ g) ^ T * / g * (g * at_ T x W0)) in IH by (field; lra). lra. }
  assert (0 <= (/ g) ^ T * at_ T x W0)
    by (apply Rmult_le_pos; [apply Rlt_le, pow_lt, Rinv_0_lt_compat, h | apply at_nonneg; [apply has_x | exact last]]).
  lra.
Qed.

Theorem added theta e T W0 x0 :
  (forall t W, theta * S_ W <= x W - E (fun H => x (next t W H)) + e) -> (forall W, 0 <= x W) -> x W0 <= x0 ->
  theta * sum (fun t => at_ t S_ W0) T <= x0 + e * INR T.
Proof.
  intros step last start.
  assert (A : theta * sum (fun t => at_ t S_ W0) T + at_ T x W0 <= x0 + e * INR T).
  { induction T as [|T IH]; [simpl; lra|]. rewrite S_INR. cbn [sum].
    assert (C : theta * at_ T S_ W0 + at_ (S T) x W0 <= 1 * at_ T x W0 + e)
      by (apply at_paid; intro W; pose proof (step T W); lra).
    lra. }
  pose proof (at_nonneg T x W0 (has_x T) last). lra.
Qed.

(* psi is a potential: c x falls out of it at each step. *)
Theorem with_potential c p T W0 v : 0 <= c -> (forall t W, E (fun H => S_ (next t W H)) <= S_ W - c * x W) ->
  (forall t W, E (fun H => x (next t W H)) <= x W) -> (forall W, p * x W <= S_ W) -> S_ W0 <= v ->
  (c * INR T + p) * at_ T x W0 <= v.
Proof.
  intros h step falls above start.
  assert (A : c * INR T * at_ T x W0 + at_ T S_ W0 <= v).
  { induction T as [|T IH]; [simpl; lra|]. rewrite S_INR.
    assert (C : at_ (S T) S_ W0 <= - c * at_ T x W0 + at_ T S_ W0).
    { rewrite <- at_cons by first [apply has_x | apply has_S]. cbn [at_].
      apply at_le; [apply (has_S (S T)) | apply has_mean_cons; [apply has_x | apply has_S]|].
      intro W; pose proof (step T W); lra. }
    assert (F : at_ (S T) x W0 <= 1 * at_ T x W0 + 0) by (apply at_next; intro W; pose proof (falls T W); lra).
    assert (K : 0 <= c * (INR T + 1)) by (apply Rmult_le_pos; [assumption|]; pose proof (pos_INR T); lra).
    pose proof (Rmult_le_compat_l _ _ _ K F). lra. }
  assert (p * at_ T x W0 + 0 <= at_ T S_ W0).
  { rewrite <- at_affine by apply has_x. apply at_le; [apply has_mean_affine, has_x | apply has_S|].
    intro W; pose proof (above W); lra. }
  lra.
Qed.

Theorem gathered q theta e h g T W0 x0 : 0 <= q -> 0 <= theta -> 0 <= e -> (forall t, 0 <= h t) ->
  (forall t, 0 <= g t) -> 0 <= 1 - q * sum h T ->
  (forall t W, theta * (g t * S_ W) <= (1 + q * h t) * x W - E (fun H => x (next t W H)) + e * h t) ->
  (forall W, 0 <= S_ W) -> (forall W, 0 <= x W) -> x W0 <= x0 ->
  theta * ((1 - q * sum h T) * sum (fun t => g t * at_ t S_ W0) T) <= x0 + e * sum h T.
Proof.
  intros hq ht he hh hg enough step hS hx start.
  set (X := fun t => at_ t x W0). set (G := fun n => sum (fun t => g t * at_ t S_ W0) n).
  assert (A : forall n, theta * G n + X n <= x0 + e * sum h n + q * sum (fun t => h t * X t) n).
  { induction n as [|n IH]; [unfold X, G; simpl; lra|]. unfold X, G in *. cbn [sum].
    assert (C : theta * g n * at_ n S_ W0 + at_ (S n) x W0 <= (1 + q * h n) * at_ n x W0 + e * h n)
      by (apply at_paid; intro W; pose proof (step n W); lra).
    lra. }
  assert (PX : forall n, 0 <= X n) by (intro n; apply at_nonneg; [apply has_x | exact hx]).
  assert (PG : forall n, 0 <= G n).
  { intro n. unfold G. induction n as [|n IH]; cbn [sum]; [lra|].
    pose proof (Rmult_le_pos _ _ (hg n) (at_nonneg n S_ W0 (has_S n) hS)). lra. }
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
End OfX.

(* psi is a Lyapunov function of x: it is at least x, and at first what x is at most. *)
Theorem lyapunov x psi rho e T W0 x0 : (forall t, has_mean t x) -> (forall t, has_mean t psi) -> 0 <= rho ->
  (forall t W, E (fun H => psi (next t W H)) <= rho * psi W + e) -> (forall W, x W <= psi W) -> psi W0 <= x0 ->
  at_ T x W0 <= rho ^ T * x0 + sum (fun t => rho ^ t) T * e.
Proof.
  intros has_x has_psi h step above start. apply Rle_trans with (at_ T psi W0).
  - apply at_le; [apply has_x | apply has_psi | exact above].
  - apply iterated; assumption.
Qed.
End Steps.

(* Steps that are the same at each t: the first may be split off instead of the last. *)
Section SameSteps.
Variables (State Draw : Type) (integrable : (Draw -> R) -> Prop) (E : (Draw -> R) -> R) (next : State -> Draw -> State).
Hypothesis mean : is_mean Draw integrable E.
Notation at_each t X W := (at_ State Draw E (fun _ => next) t X W).
Notation has_mean_at t X := (has_mean State Draw integrable E (fun _ => next) t X).

Lemma at_first t X W : at_each (S t) X W = E (fun H => at_each t X (next W H)).
Proof. revert X; induction t as [|t IH]; intro X; [reflexivity | exact (IH (fun W => E (fun H => X (next W H))))]. Qed.

Lemma integrable_first t X W : has_mean_at (S t) X -> integrable (fun H => at_each t X (next W H)).
Proof. revert X; induction t as [|t IH]; intros X [i j]; [apply i | exact (IH _ j)]. Qed.

Theorem accumulated x S_ p T W0 x0 : (forall t, has_mean_at t x) -> (forall t, has_mean_at t S_) ->
  p O = 0 -> (forall j, 0 <= p j) ->
  (forall j W, S_ W <= p (S j) * x W - p j * E (fun H => x (next W H))) -> x W0 <= x0 ->
  sum (fun t => at_each t S_ W0) T <= p T * x0.
Proof.
  intros has_x has_S zero pos step start.
  assert (A : forall n W, sum (fun t => at_each t S_ W) n <= p n * x W).
  { induction n as [|n IH]; intro W; [simpl; rewrite zero; lra|]. rewrite sum_first.
    assert (C : averages _ integrable E (fun H => sum (fun t => at_each t S_ (next W H)) n)
                  (sum (fun t => at_each (S t) S_ W) n)).
    { clear - mean has_S. induction n as [|n IH]; [exact (averages_const _ _ _ mean 0)|].
      apply (averages_ext _ _ _ mean (fun H => 1 * at_each n S_ (next W H) + sum (fun t => at_each t S_ (next W H)) n)).
      - intro H; cbn [sum]; ring.
      - replace (sum (fun t => at_each (S t) S_ W) (S n))
          with (1 * E (fun H => at_each n S_ (next W H)) + sum (fun t => at_each (S t) S_ W) n)
          by (rewrite <- at_first; cbn [sum]; ring).
        apply (averages_cons _ _ _ mean); [apply integrable_first, has_S | exact IH]. }
    assert (B : averages _ integrable E (fun H => p n * x (next W H) + 0) (p n * E (fun H => x (next W H)) + 0))
      by (apply (averages_cons _ _ _ mean); [apply (has_x 1%nat) | apply (averages_const _ _ _ mean)]).
    destruct C as [i C], B as [j B].
    assert (D : sum (fun t => at_each (S t) S_ W) n <= p n * E (fun H => x (next W H)) + 0).
    { rewrite <- C, <- B. apply (mean_le _ _ _ mean); [exact i | exact j|]. intro H. pose proof (IH (next W H)); lra. }
    pose proof (step n W). change (at_each 0%nat S_ W) with (S_ W). lra. }
  pose proof (A T W0). pose proof (Rmult_le_compat_l _ _ _ (pos T) start). lra.
Qed.
End SameSteps.

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
