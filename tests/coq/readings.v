(* After library.v: what a number without variables is, as a fraction, by computation. A quotient by zero is none. *)
From Coq Require Import QArith Qreals.
Open Scope R_scope.

Definition reads (a : R) (x : Q) : Prop := a = Q2R x.

Lemma reduced a x : a = Q2R x -> reads a (Qred x).
Proof. intros ->. apply Qeq_eqR. symmetry. apply Qred_correct. Qed.

Lemma reads_whole z : reads (IZR z) (inject_Z z).
Proof. unfold reads, Q2R. simpl. field. Qed.

Lemma reads_count n : reads (INR n) (inject_Z (Z.of_nat n)).
Proof. rewrite INR_IZR_INZ. apply reads_whole. Qed.

Lemma reads_plus a b x y : reads a x -> reads b y -> reads (a + b) (Qred (x + y)).
Proof. intros -> ->. apply reduced. symmetry. apply Q2R_plus. Qed.

Lemma reads_minus a b x y : reads a x -> reads b y -> reads (a - b) (Qred (x - y)).
Proof. intros -> ->. apply reduced. symmetry. apply Q2R_minus. Qed.

Lemma reads_opp a x : reads a x -> reads (- a) (- x).
Proof. intros ->. symmetry. apply Q2R_opp. Qed.

Lemma reads_mult a b x y : reads a x -> reads b y -> reads (a * b) (Qred (x * y)).
Proof. intros -> ->. apply reduced. symmetry. apply Q2R_mult. Qed.

Lemma reads_div a b x y : reads a x -> reads b y -> Qeq_bool y 0 = false -> reads (a / b) (Qred (x / y)).
Proof. intros -> -> h. apply reduced. symmetry. apply Q2R_div, Qeq_bool_neq, h. Qed.

Lemma reads_inv b y : reads b y -> Qeq_bool y 0 = false -> reads (/ b) (Qred (/ y)).
Proof. intros -> h. apply reduced. symmetry. apply Q2R_inv, Qeq_bool_neq, h. Qed.

Fixpoint power (x : Q) (n : nat) : Q := match n with O => 1 | S n => Qred (x * power x n) end.

Lemma reads_pow a x n : reads a x -> reads (a ^ n) (power x n).
Proof. intro h. induction n as [|n IH]; [unfold reads, Q2R; simpl; field | apply reads_mult; [exact h | exact IH]]. Qed.

Lemma reads_none f : reads (sum f 0) 0.
Proof. unfold reads, Q2R. simpl. field. Qed.

Lemma reads_sum f n x y : reads (sum f n) x -> reads (f n) y -> reads (sum f (S n)) (Qred (x + y)).
Proof. apply reads_plus. Qed.

Definition root (x : Q) : Q := Z.sqrt (Qnum x) # Pos.sqrt (Qden x).

Lemma reads_sqrt a x : reads a x -> Qle_bool 0 x = true -> Qeq_bool (root x * root x) x = true -> reads (sqrt a) (root x).
Proof.
  intros -> _ h. apply Qeq_bool_eq, Qeq_eqR in h. rewrite Q2R_mult in h. rewrite <- h. apply sqrt_square.
  unfold root, Q2R. simpl. apply Rmult_le_pos; [apply IZR_le, Z.sqrt_nonneg|].
  apply Rlt_le, Rinv_0_lt_compat, IZR_lt. reflexivity.
Qed.

Lemma reads_max a b x y : reads a x -> reads b y -> reads (Rmax a b) (if Qle_bool x y then y else x).
Proof.
  intros -> ->. destruct (Qle_bool x y) eqn:h.
  - apply Rmax_right, Qle_Rle, Qle_bool_iff, h.
  - apply Rmax_left, Qle_Rle, Qlt_le_weak, Qnot_le_lt. intro le. apply Qle_bool_iff in le. congruence.
Qed.

Lemma reads_then (P : Prop) (d : {P} + {~ P}) a b x : P -> reads a x -> reads (if d then a else b) x.
Proof. intros p h. destruct d; [exact h | contradiction]. Qed.

Lemma reads_else (P : Prop) (d : {P} + {~ P}) a b x : ~ P -> reads b x -> reads (if d then a else b) x.
Proof. intros p h. destruct d; [contradiction | exact h]. Qed.

Lemma reads_le a b x y : reads a x -> reads b y -> Qle_bool x y = true -> a <= b.
Proof. intros -> -> h. apply Qle_Rle, Qle_bool_iff, h. Qed.

Lemma reads_lt a b x y : reads a x -> reads b y -> Qle_bool y x = false -> a < b.
Proof. intros -> -> h. apply Qlt_Rlt, Qnot_le_lt. intro le. apply Qle_bool_iff in le. congruence. Qed.

Lemma reads_eq a b x y : reads a x -> reads b y -> Qeq_bool x y = true -> a = b.
Proof. intros -> -> h. apply Qeq_eqR, Qeq_bool_eq, h. Qed.

Ltac computed := vm_compute; reflexivity.
Ltac holds := lazymatch goal with
  | |- ?a <= ?b => eapply reads_le; [value | value | computed]
  | |- ?a < ?b => eapply reads_lt; [value | value | computed]
  | |- ?a = ?b => eapply reads_eq; [value | value | computed]
  | |- ~ ?a <= ?b => apply Rlt_not_le; holds
  | |- ~ ?a < ?b => apply Rle_not_lt; holds
  | |- ?a > ?b => change (b < a); holds
  | |- ?a <> ?b => first [apply Rlt_not_eq; holds | apply Rgt_not_eq; holds]
  end
with value := cbv beta; lazymatch goal with
  | |- reads (IZR _) _ => apply reads_whole
  | |- reads (INR _) _ => apply reads_count
  | |- reads (_ + _) _ => eapply reads_plus; value
  | |- reads (_ - _) _ => eapply reads_minus; value
  | |- reads (- _) _ => eapply reads_opp; value
  | |- reads (_ * _) _ => eapply reads_mult; value
  | |- reads (_ / _) _ => eapply reads_div; [value | value | computed]
  | |- reads (/ _) _ => eapply reads_inv; [value | computed]
  | |- reads (_ ^ _) _ => eapply reads_pow; value
  | |- reads (sqrt _) _ => eapply reads_sqrt; [value | computed | computed]
  | |- reads (Rmax _ _) _ => eapply reads_max; value
  | |- reads (sum _ 0) _ => apply reads_none
  | |- reads (sum _ (S _)) _ => eapply reads_sum; value
  | |- reads (sum _ ?n) _ => let m := eval vm_compute in n in change n with m; value
  | |- reads (if _ then _ else _) _ =>
      first [eapply reads_then; [holds | value] | eapply reads_else; [holds | value]]
  end.

(* A statement that was proved, or was not. *)
Inductive outcome (P : Prop) : Prop := shown (p : P) | not_shown.
Arguments shown {P}.
Arguments not_shown {P}.
Ltac read := apply shown; intros; subst; holds.
