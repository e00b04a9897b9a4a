extension Extended {
  /// The masked response when at least one operand is a NaN or an unsupported pattern.
  ///
  /// A signalling NaN or an unsupported operand raises IE. Of two NaNs of one kind the larger significand is kept
  /// (the positive one if they are equal), of a quiet and a signalling one the quiet one.
  /// - Returns: a quiet NaN, or nil if both operands are ordinary.
  /// - Source: i486 Programmer's Reference Manual, table 15-9 "Rules for generating QNaNs"; 387 DX User's Manual,
  ///   "Unsupported formats".
  @inline(never)
  static func propagatedNaN(_ a: Extended, _ b: Extended, raised: inout Raised) -> Extended? {
    if a.isUnsupported || b.isUnsupported {
      raised.insert(.invalid)
      return .indefinite
    }
    let aIsNaN = a.isNaN
    let bIsNaN = b.isNaN
    if !aIsNaN && !bIsNaN { return nil }
    let aSignals = a.isSignalling
    let bSignals = b.isSignalling
    if aSignals || bSignals { raised.insert(.invalid) }
    if !bIsNaN { return a.quieted }
    if !aIsNaN { return b.quieted }
    if aSignals != bSignals { return aSignals ? b : a }
    if a.significand != b.significand { return a.significand > b.significand ? a.quieted : b.quieted }
    return a.isNegative ? b.quieted : a.quieted
  }

  /// The one-operand form of `propagatedNaN(_:_:raised:)`.
  @inline(never)
  static func propagatedNaN(_ a: Extended, raised: inout Raised) -> Extended? {
    if a.isUnsupported {
      raised.insert(.invalid)
      return .indefinite
    }
    if !a.isNaN { return nil }
    if a.isSignalling { raised.insert(.invalid) }
    return a.quieted
  }

  /// Raises IE and gives the indefinite value.
  @inline(__always)
  static func invalid(_ raised: inout Raised) -> Extended {
    raised.insert(.invalid)
    return .indefinite
  }
}
