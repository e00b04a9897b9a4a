/// Bass and treble of both sides at 48 kHz: shelves of the first order that raise or lower what is below or above their
/// corner.
struct ToneControl: Codable, Equatable, Sendable {
  /// Factors, 1 for unchanged.
  struct Setting: Codable, Equatable, Sendable {
    var bassLeft = 1.0
    var bassRight = 1.0
    var trebleLeft = 1.0
    var trebleRight = 1.0
  }
  let setting: Setting
  /// What the low-passes at both corners hold.
  private var bassLeft = 0.0
  private var bassRight = 0.0
  private var trebleLeft = 0.0
  private var trebleRight = 0.0

  /// k / (1 + k) with k = tan(pi f / 48,000), for 300 Hz and 4 kHz (the card's corners are unverified).
  private static let bassWeight = 0.019_260
  private static let trebleWeight = 0.211_325

  init(_ setting: Setting) { self.setting = setting }

  /// One sample of each side.
  mutating func filter(_ left: inout Double, _ right: inout Double) {
    let lowLeft = Self.low(left, &bassLeft, Self.bassWeight)
    let lowRight = Self.low(right, &bassRight, Self.bassWeight)
    let highLeft = left - Self.low(left, &trebleLeft, Self.trebleWeight)
    let highRight = right - Self.low(right, &trebleRight, Self.trebleWeight)
    left += (setting.bassLeft - 1) * lowLeft + (setting.trebleLeft - 1) * highLeft
    right += (setting.bassRight - 1) * lowRight + (setting.trebleRight - 1) * highRight
  }

  /// A low-pass of the first order by the bilinear transform; `state` is what its capacitor holds.
  private static func low(_ input: Double, _ state: inout Double, _ weight: Double) -> Double {
    let step = (input - state) * weight
    let output = state + step
    state = output + step
    return output
  }

  /// As after a long time at a constant level.
  mutating func settle(_ left: Double, _ right: Double) {
    (bassLeft, trebleLeft) = (left, left)
    (bassRight, trebleRight) = (right, right)
  }

  var isSane: Bool {
    let values = [bassLeft, bassRight, trebleLeft, trebleRight]
    let factors = [setting.bassLeft, setting.bassRight, setting.trebleLeft, setting.trebleRight]
    return values.allSatisfy { $0.isFinite && abs($0) < 1e6 }
      && factors.allSatisfy { $0 >= 0 && $0 <= 16 }
  }
}
