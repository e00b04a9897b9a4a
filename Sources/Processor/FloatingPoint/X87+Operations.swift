// The operations behind the opcodes: operands from the register stack, results and exceptions back into it.

extension X87 {
  enum Arithmetic: UInt8 { case add, multiply, subtract, divide }
  enum Unary: UInt8 { case squareRoot, round, exponential, sine, cosine }
  enum Binary: UInt8 { case logarithm, logarithmPlusOne, arctangent }
  enum Producing: UInt8 { case tangent, sineAndCosine, extract }

  // MARK: Basic arithmetic

  /// ST(into) = ST(a) op ST(b), then a pop if asked for.
  @inline(__always)
  mutating func arithmetic(_ operation: Arithmetic, _ a: Int, _ b: Int, into: Int, pops: Bool) {
    switch operation {
    case .add: add(a, b, into, pops)
    case .multiply: multiply(a, b, into, pops)
    case .subtract: subtract(a, b, into, pops)
    case .divide: divide(a, b, into, pops)
    }
  }

  /// Stores a result unless an unmasked exception forbids it, pops, and records what was raised.
  @inline(__always)
  private mutating func finish(_ result: Extended, _ raised: StatusWord, into: Int, pops: Bool) {
    if _slowPath(!raised.intersection(.beforeResult).isEmpty) && suppresses(raised) {
      return record(raised.intersection(.beforeResult))
    }
    self[into] = result
    if pops { pop() }
    record(raised)
  }

  @inline(never)
  private mutating func add(_ a: Int, _ b: Int, _ into: Int, _ pops: Bool) {
    if _slowPath(!(isOccupied(a) && isOccupied(b))) { return underflow(into: into, pops: pops) }
    var raised: StatusWord = []
    let result = Extended.add(self[a], self[b], control: control, raised: &raised)
    finish(result, raised, into: into, pops: pops)
  }

  @inline(never)
  private mutating func subtract(_ a: Int, _ b: Int, _ into: Int, _ pops: Bool) {
    if _slowPath(!(isOccupied(a) && isOccupied(b))) { return underflow(into: into, pops: pops) }
    var raised: StatusWord = []
    let result = Extended.subtract(self[a], self[b], control: control, raised: &raised)
    finish(result, raised, into: into, pops: pops)
  }

  @inline(never)
  private mutating func multiply(_ a: Int, _ b: Int, _ into: Int, _ pops: Bool) {
    if _slowPath(!(isOccupied(a) && isOccupied(b))) { return underflow(into: into, pops: pops) }
    var raised: StatusWord = []
    let result = Extended.multiply(self[a], self[b], control: control, raised: &raised)
    finish(result, raised, into: into, pops: pops)
  }

  @inline(never)
  private mutating func divide(_ a: Int, _ b: Int, _ into: Int, _ pops: Bool) {
    if _slowPath(!(isOccupied(a) && isOccupied(b))) { return underflow(into: into, pops: pops) }
    var raised: StatusWord = []
    let result = Extended.divide(self[a], self[b], control: control, raised: &raised)
    finish(result, raised, into: into, pops: pops)
  }

  /// Stack underflow: masked, the destination becomes the indefinite value and pops happen; unmasked, nothing moves.
  /// - Source: 387 DX User's Manual, "Stack fault".
  @inline(never)
  private mutating func underflow(into: Int, pops: Bool) {
    if control.masked.contains(.invalid) {
      self[into] = .indefinite
      if pops { pop() }
    }
    record(.stackUnderflow)
  }

  /// ST(0) = ST(0) op value or, reversed, value op ST(0), for a memory operand. `denormal` tells that the operand
  /// was a denormal in its memory format.
  @inline(__always)
  mutating func arithmetic(_ operation: Arithmetic, value: Extended, reversed: Bool, denormal: Bool) {
    if _slowPath(!isOccupied(0)) { return underflow(into: 0, pops: false) }
    var raised: StatusWord = []
    let st0 = self[0]
    let a = reversed ? value : st0
    let b = reversed ? st0 : value
    let result =
      switch operation {
      case .add: Extended.add(a, b, control: control, raised: &raised)
      case .multiply: Extended.multiply(a, b, control: control, raised: &raised)
      case .subtract: Extended.subtract(a, b, control: control, raised: &raised)
      case .divide: Extended.divide(a, b, control: control, raised: &raised)
      }
    if _slowPath(denormal) && !st0.isNaN && !st0.isUnsupported && !raised.contains(.zeroDivide) {
      raised.insert(.denormal)
    }
    finish(result, raised, into: 0, pops: false)
  }

  // MARK: Comparison

  /// FCOM, FCOMP, FCOMPP and, with `quiet`, their unordered relatives.
  mutating func compareRegister(_ i: Int, quiet: Bool, pops: Int) {
    if _slowPath(!(isOccupied(0) && isOccupied(i))) { return compareUnderflow(pops: pops) }
    compare(self[0], self[i], quiet: quiet, pops: pops, denormal: false)
  }

  /// FCOM and FICOM with a memory operand.
  mutating func compareMemory(_ value: Extended, pops: Int, denormal: Bool) {
    if _slowPath(!isOccupied(0)) { return compareUnderflow(pops: pops) }
    let st0 = self[0]
    compare(st0, value, quiet: false, pops: pops, denormal: denormal && !st0.isNaN && !st0.isUnsupported)
  }

  /// FTST.
  mutating func test() {
    if _slowPath(!isOccupied(0)) { return compareUnderflow(pops: 0) }
    compare(self[0], .zero, quiet: false, pops: 0, denormal: false)
  }

  @inline(__always)
  private mutating func compare(_ a: Extended, _ b: Extended, quiet: Bool, pops: Int, denormal: Bool) {
    var raised: StatusWord = []
    let conditions = Extended.compare(a, b, quietNaNsAreInvalid: !quiet, raised: &raised)
    if denormal { raised.insert(.denormal) }
    status.subtract(.comparison)
    status.formUnion(conditions)
    if !suppresses(raised) {
      if pops > 0 { pop() }
      if pops > 1 { pop() }
    }
    record(raised)
  }

  @inline(never)
  private mutating func compareUnderflow(pops: Int) {
    status.formUnion(.comparison)
    if control.masked.contains(.invalid) {
      if pops > 0 { pop() }
      if pops > 1 { pop() }
    }
    record(.stackUnderflow)
  }

  /// FXAM. An empty register gives C3 and C0; its old sign still shows in C1.
  mutating func examine() {
    status.subtract(.conditions)
    let codes = self[0].examination
    status.formUnion(isOccupied(0) ? codes : codes.intersection(.c1).union([.c3, .c0]))
  }

  // MARK: Register moves

  /// FLD ST(i).
  mutating func loadRegister(_ i: Int) {
    if _slowPath(isOccupied(-1)) { return overflow() }
    if _slowPath(!isOccupied(i)) {
      if control.masked.contains(.invalid) { push(.indefinite) }
      return record(.stackUnderflow)
    }
    push(self[i])
    status.remove(.c1)
  }

  /// Stack overflow on a push: masked, TOP moves and the new ST(0) becomes the indefinite value.
  @inline(never)
  mutating func overflow() {
    if control.masked.contains(.invalid) { push(.indefinite) }
    record(.stackOverflow)
  }

  /// FST and FSTP to a register.
  mutating func storeRegister(_ i: Int, pops: Bool) {
    if _slowPath(!isOccupied(0)) { return underflow(into: i, pops: pops) }
    self[i] = self[0]
    if pops { pop() }
    status.remove(.c1)
  }

  /// FXCH. An empty register counts as the indefinite value if the fault is masked.
  mutating func exchange(_ i: Int) {
    var a = self[0]
    var b = self[i]
    if _slowPath(!(isOccupied(0) && isOccupied(i))) {
      if control.masked.contains(.invalid) {
        if !isOccupied(0) { a = .indefinite }
        if !isOccupied(i) { b = .indefinite }
        self[0] = b
        self[i] = a
      }
      return record(.stackUnderflow)
    }
    self[0] = b
    self[i] = a
    status.remove(.c1)
  }

  /// FFREE. C1 goes to zero (seen on silicon; the manual leaves it open).
  mutating func free(_ i: Int) {
    occupied &= ~(1 &<< UInt8(truncatingIfNeeded: physical(i)))
    status.remove(.c1)
  }

  /// FCHS and FABS: they never raise anything but a stack fault.
  mutating func changeSign(xor: UInt16, and: UInt16) {
    if _slowPath(!isOccupied(0)) { return underflow(into: 0, pops: false) }
    let value = self[0]
    self[0] = Extended(significand: value.significand, signExponent: (value.signExponent ^ xor) & and)
    status.remove(.c1)
  }

  /// FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ.
  mutating func loadConstant(_ n: UInt16) {
    if _slowPath(isOccupied(-1)) { return overflow() }
    push(Extended.constant(n, control: control))
    status.remove(.c1)
  }

  // MARK: One- and two-operand functions

  /// Functions that replace ST(0).
  mutating func unary(_ operation: Unary) {
    if operation == .sine || operation == .cosine { status.remove(.c2) }
    if _slowPath(!isOccupied(0)) { return underflow(into: 0, pops: false) }
    var raised: StatusWord = []
    let a = self[0]
    let result: Extended
    switch operation {
    case .squareRoot: result = Extended.squareRoot(a, control: control, raised: &raised)
    case .round: result = Extended.roundedToInteger(a, control: control, raised: &raised)
    case .exponential:
      result = Extended.exponentialMinusOne(a, control: control.fullPrecision, raised: &raised)
    case .sine, .cosine:
      if a.isBeyondTrigonometricRange {
        status.formUnion(.c2)
        return record([])
      }
      result =
        operation == .sine
        ? Extended.sine(a, control: control.fullPrecision, raised: &raised)
        : Extended.cosine(a, control: control.fullPrecision, raised: &raised)
    }
    finish(result, raised, into: 0, pops: false)
  }

  /// FYL2X, FYL2XP1 and FPATAN: ST(1) = f(ST(1), ST(0)), then a pop.
  mutating func binaryPopping(_ operation: Binary) {
    if _slowPath(!(isOccupied(0) && isOccupied(1))) { return underflow(into: 1, pops: true) }
    var raised: StatusWord = []
    let x = self[0]
    let y = self[1]
    let control = self.control.fullPrecision
    let result =
      switch operation {
      case .logarithm: Extended.logarithm(of: x, times: y, control: control, raised: &raised)
      case .logarithmPlusOne: Extended.logarithm(ofOnePlus: x, times: y, control: control, raised: &raised)
      case .arctangent: Extended.arctangent(y, x, control: control, raised: &raised)
      }
    finish(result, raised, into: 1, pops: true)
  }

  /// FPTAN, FSINCOS and FXTRACT: one value replaces ST(0), another is pushed.
  mutating func producing(_ operation: Producing) {
    if operation != .extract { status.remove(.c2) }
    let underflows = !isOccupied(0)
    if _slowPath(underflows || isOccupied(-1)) {
      if control.masked.contains(.invalid) {
        self[0] = .indefinite
        push(.indefinite)
      }
      return record(underflows ? .stackUnderflow : .stackOverflow)
    }
    var raised: StatusWord = []
    let a = self[0]
    let below: Extended
    let above: Extended
    if operation == .extract {
      (below, above) = Extended.extracted(a, raised: &raised)
    } else {
      if a.isBeyondTrigonometricRange {
        status.formUnion(.c2)
        return record([])
      }
      let control = self.control.fullPrecision
      if operation == .tangent {
        below = Extended.tangent(a, control: control, raised: &raised)
        above = below.isNaN ? below : .one
      } else {
        var second: StatusWord = []
        below = Extended.sine(a, control: control, raised: &raised)
        above = Extended.cosine(a, control: control, raised: &second)
        raised.formUnion(second.subtracting(.c1))
      }
    }
    if suppresses(raised) { return record(raised.intersection(.beforeResult)) }
    self[0] = below
    push(above)
    record(raised)
  }

  /// FPREM and FPREM1: ST(0) = remainder of ST(0) by ST(1), quotient bits in the condition codes.
  mutating func remainder(nearest: Bool) {
    if _slowPath(!(isOccupied(0) && isOccupied(1))) {
      status.remove(.c2)
      return underflow(into: 0, pops: false)
    }
    var raised: StatusWord = []
    // The quotient bits stay as they were if there is no quotient (seen on silicon); C2 and C1 do not.
    let kept = status.intersection([.c0, .c3])
    var conditions = kept
    let result = Extended.remainder(
      self[0], self[1], nearest: nearest, control: control, raised: &raised, conditions: &conditions)
    if suppresses(raised) { conditions = kept }
    finish(result, raised, into: 0, pops: false)
    status.subtract(.conditions)
    status.formUnion(conditions)
  }

  /// FSCALE.
  mutating func scale() {
    if _slowPath(!(isOccupied(0) && isOccupied(1))) { return underflow(into: 0, pops: false) }
    var raised: StatusWord = []
    let result = Extended.scaled(self[0], self[1], control: control, raised: &raised)
    finish(result, raised, into: 0, pops: false)
  }
}
