import Hardware

/// The palette DAC (INMOS IMS G171 kind), ports 3C6h-3C9h: 256 colours of three 6-bit components.
///
/// - Source: INMOS IMS G171 data sheet: one address register, one colour register of three components; reading mode
///   fetches the colour and steps the address at once, writing mode stores after the third component.
struct DAC: Codable, Equatable, Sendable {
  /// Red, green, blue of each colour in turn, 6 bits.
  var colors = Bank<768, UInt8>(repeating: 0)
  var mask: UInt8 = 0
  var address: UInt8 = 0
  var isReading = false
  /// The colour register and the component that is next.
  var held = Bank<3, UInt8>(repeating: 0)
  var component = 0

  /// 3C7h written: reading begins at `value`.
  mutating func setReadAddress(_ value: UInt8) {
    address = value
    isReading = true
    component = 0
    fetch()
  }

  /// 3C8h written: writing begins at `value`.
  mutating func setWriteAddress(_ value: UInt8) {
    address = value
    isReading = false
    component = 0
  }

  /// 3C7h read: bits 1-0 are 3 in reading mode and 0 in writing mode.
  var status: UInt8 { isReading ? 3 : 0 }

  private mutating func fetch() {
    for i in 0..<3 { held[i] = colors[Int(address) * 3 + i] }
    address &+= 1
  }

  /// 3C9h read.
  mutating func read() -> UInt8 {
    let value = held[component]
    component += 1
    if component == 3 {
      component = 0
      if isReading { fetch() }
    }
    return value
  }

  /// 3C9h written.
  mutating func write(_ value: UInt8) {
    held[component] = value & 0x3F
    component += 1
    guard component == 3 else { return }
    component = 0
    for i in 0..<3 { colors[Int(address) * 3 + i] = held[i] }
    address &+= 1
  }

  /// Whether a write of `value` to 3C9h will change a colour.
  func changesColor(_ value: UInt8) -> Bool {
    let at = Int(address) * 3
    return component == 2
      && (held[0] != colors[at] || held[1] != colors[at + 1] || value & 0x3F != colors[at + 2])
  }

  /// 0x00RRGGBB of a colour: six bits widened to eight so that 63 becomes 255.
  func rgb(_ index: UInt8) -> UInt32 {
    let at = Int(index & mask) * 3
    func wide(_ v: UInt8) -> UInt32 { UInt32(v << 2 | v >> 4) }
    return wide(colors[at]) << 16 | wide(colors[at + 1]) << 8 | wide(colors[at + 2])
  }

  /// Puts numbers of a damaged saved state in range.
  mutating func repair() {
    for i in colors.indices { colors[i] &= 0x3F }
    component = min(max(component, 0), 2)
  }
}
