/// Whole sectors around user data: sync, header, error detection and correction codes.
///
/// - Source: ECMA-130 (second edition), clause 14 and Annexes A and B.
enum CDSector {
  /// 00h, ten FFh, 00h.
  static let sync: [UInt8] = [0] + [UInt8](repeating: 0xFF, count: 10) + [0]

  private static func bcd(_ value: UInt8) -> UInt8 { (value / 10) << 4 | value % 10 }

  /// Sync and header of block `lba`.
  static func header(lba: Int, mode: UInt8) -> [UInt8] {
    let address = CDAddress(lba: lba)
    return sync + [bcd(address.minute), bcd(address.second), bcd(address.frame), mode]
  }

  /// The 2352 bytes of a mode 1 sector with `data` (2048 bytes).
  static func mode1(lba: Int, data: [UInt8]) -> [UInt8] {
    var sector = header(lba: lba, mode: 1)
    sector += data.prefix(2048)
    sector += [UInt8](repeating: 0, count: max(2352 - sector.count, 0))
    let code = checksum(sector[0..<2064])
    for n in 0..<4 { sector[2064 + n] = UInt8(truncatingIfNeeded: code >> UInt32(8 * n)) }
    // P: 43 columns of 24 words (byte pairs); Q: 26 diagonals of 43 words that include P. Both from the header on.
    for column in 0..<86 {
      let places = (0..<24).map { 12 + column + 86 * $0 }
      (sector[2076 + column], sector[2162 + column]) = parity(sector, places)
    }
    for diagonal in 0..<52 {
      let (word, byte) = (diagonal >> 1, diagonal & 1)
      let places = (0..<43).map { 12 + (word * 43 + $0 * 44) % 1118 * 2 + byte }
      (sector[2248 + diagonal], sector[2300 + diagonal]) = parity(sector, places)
    }
    return sector
  }

  /// The CRC of `bytes`: generator (x^16 + x^15 + x^2 + 1)(x^16 + x^2 + x + 1), least significant bit first.
  static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var register: UInt32 = 0
    for byte in bytes { register = register >> 8 ^ table[Int((register ^ UInt32(byte)) & 0xFF)] }
    return register
  }

  private static let table: [UInt32] = (0..<256).map { index in
    var value = UInt32(index)
    for _ in 0..<8 { value = value & 1 != 0 ? value >> 1 ^ 0xD801_8001 : value >> 1 }
    return value
  }

  // MARK: Reed-Solomon code over GF(256), x^8 + x^4 + x^3 + x^2 + 1

  private static func double(_ value: UInt8) -> UInt8 { value &<< 1 ^ (value & 0x80 != 0 ? 0x1D : 0) }

  /// The quotient of every element by a + 1 (3), a being the primitive element 2.
  private static let third: [UInt8] = {
    var quotients = [UInt8](repeating: 0, count: 256)
    for value in UInt8.min...UInt8.max { quotients[Int(value ^ double(value))] = value }
    return quotients
  }()

  /// The two parity bytes p, q behind the bytes at `places`: the sum of all is zero, and so is the sum of all weighted
  /// with falling powers of a, q having the weight 1 and p the weight a.
  private static func parity(_ sector: [UInt8], _ places: [Int]) -> (UInt8, UInt8) {
    var (sum, weighted): (UInt8, UInt8) = (0, 0)
    for place in places {
      let byte = sector[place]
      sum ^= byte
      weighted = double(weighted) ^ byte
    }
    weighted = double(double(weighted))
    let p = third[Int(sum ^ weighted)]
    return (p, sum ^ p)
  }
}
