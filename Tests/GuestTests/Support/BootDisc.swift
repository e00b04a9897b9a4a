/// A CD with nothing on it but a program to start.
///
/// - Source: "El Torito" Bootable CD-ROM Format Specification 1.0; ECMA-119, 8.4 (primary volume descriptor).
enum BootDisc: UInt8, Sendable {
  case noEmulation = 0
  case diskette1440K = 2
  case diskette2880K = 3

  /// Where the catalog and the program are.
  static let catalog = 19
  static let program = 20

  /// The disc's blocks.
  func image(program: [UInt8]) -> [UInt8] {
    var program = program
    let size =
      switch self {
      case .noEmulation: (program.count + 2047) / 2048 * 2048
      case .diskette1440K: 1440 << 10
      case .diskette2880K: 2880 << 10
      }
    program += [UInt8](repeating: 0, count: max(size - program.count, 0))
    var disc = [UInt8](repeating: 0, count: Self.program * 2048) + program
    func put(_ bytes: [UInt8], at: Int) { disc.replaceSubrange(at..<at + bytes.count, with: bytes) }
    func long(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    put([1] + Array("CD001".utf8) + [1], at: 16 * 2048)
    put(long(disc.count / 2048) + long(disc.count / 2048).reversed(), at: 16 * 2048 + 80)
    put([0] + Array("CD001".utf8) + [1] + Array("EL TORITO SPECIFICATION".utf8), at: 17 * 2048)
    put(long(Self.catalog), at: 17 * 2048 + 0x47)
    put([0xFF] + Array("CD001".utf8) + [1], at: 18 * 2048)
    // The validation entry; its words add up to 0.
    put([1, 0], at: Self.catalog * 2048)
    put([0xAA, 0x55, 0x55, 0xAA], at: Self.catalog * 2048 + 28)
    // The default entry: bootable, kind, segment 7C0h, sectors to load, where.
    let sectors = self == .noEmulation ? program.count / 512 : 1
    let entry: [UInt8] = [0x88, rawValue, 0, 0, 0, 0, UInt8(truncatingIfNeeded: sectors), 0]
    put(entry + long(Self.program), at: Self.catalog * 2048 + 32)
    return disc
  }
}
