/// Why a vector file can't be used.
public enum VectorError: Error, CustomStringConvertible {
  /// Not a file of this format, or it ends early; the offset where reading stopped.
  case malformed(offset: Int)

  public var description: String {
    switch self {
    case .malformed(let offset): "not a CPU vector file: malformed at byte \(offset)"
    }
  }
}

/// A file of processor test vectors ("X86V", version 1): single instructions with the state before and after.
public struct VectorFile {
  /// Name of the opcode group.
  public let group: String
  let records: [Vector]

  /// A segment register in a record.
  struct Segment {
    var selector: UInt16 = 0
    var attributes: UInt16 = 0
    var base: UInt32 = 0
    var limit: UInt32 = 0
  }
  struct Run {
    var address: UInt32
    var bytes: [UInt8]
  }
  struct Vector {
    var mode = 0
    var cpu = 0
    var source = 0
    var flags = 0
    var exception = 255
    var errorMode = 0
    var error: UInt32 = 0
    var ignoredFlags: UInt32 = 0
    var instruction: [UInt8] = []
    var before: [UInt32] = []
    var after: [UInt32] = []
    var segmentsBefore: [Segment] = []
    var segmentsAfter: [Segment] = []
    var ignoredRegisters: [(Int, UInt32)] = []
    var memoryBefore: [Run] = []
    var memoryAfter: [Run] = []
    var skipped: [(UInt32, Int)] = []
    var ignoredStatus: UInt16 = 0
    var toleratedRegisters = 0
    var toleratedUlps = 0
    var fpuBefore: [UInt8] = []
    var fpuAfter: [UInt8] = []
    var systemBefore: System?
    var systemAfter: System?
  }
  struct System {
    var cr0: UInt32 = 0
    var cr2: UInt32 = 0
    var cr3: UInt32 = 0
    /// DR0 DR1 DR2 DR3 DR6 DR7.
    var dr: [UInt32] = []
    var gdtBase: UInt32 = 0
    var gdtLimit: UInt32 = 0
    var idtBase: UInt32 = 0
    var idtLimit: UInt32 = 0
    var ldtr = Segment()
    var tr = Segment()
  }

  /// Number of records.
  public var count: Int { records.count }

  /// Parses the uncompressed bytes of a file.
  ///
  /// - Throws: `VectorError.malformed`.
  public init(_ bytes: [UInt8]) throws {
    var reader = Reader(bytes: bytes)
    guard try reader.take(4).elementsEqual("X86V".utf8), try reader.u16() == 1 else {
      throw VectorError.malformed(offset: 0)
    }
    let headerSize = Int(try reader.u16())
    let count = Int(try reader.u32())
    _ = try reader.take(4)
    group = String(decoding: try reader.take(32).prefix { $0 != 0 }, as: UTF8.self)
    reader.position = headerSize
    var records: [Vector] = []
    for _ in 0..<count { records.append(try reader.vector()) }
    self.records = records
  }

  private struct Reader {
    let bytes: [UInt8]
    var position = 0

    mutating func take(_ n: Int) throws -> [UInt8] {
      guard n >= 0, position >= 0, n <= bytes.count - position else { throw VectorError.malformed(offset: position) }
      defer { position += n }
      return Array(bytes[position..<position + n])
    }
    mutating func number(_ n: Int) throws -> UInt32 { try take(n).reversed().reduce(0) { $0 << 8 | UInt32($1) } }
    mutating func u8() throws -> Int { Int(try number(1)) }
    mutating func u16() throws -> UInt16 { UInt16(truncatingIfNeeded: try number(2)) }
    mutating func u32() throws -> UInt32 { try number(4) }
    mutating func segment() throws -> Segment {
      Segment(selector: try u16(), attributes: try u16(), base: try u32(), limit: try u32())
    }
    mutating func run() throws -> Run {
      let address = try u32()
      let count = Int(try u16())
      return Run(address: address, bytes: try take(count))
    }
    mutating func system() throws -> System {
      var system = System()
      system.cr0 = try u32()
      system.cr2 = try u32()
      system.cr3 = try u32()
      _ = try u32()
      for _ in 0..<6 { system.dr.append(try u32()) }
      system.gdtBase = try u32()
      system.gdtLimit = try u32()
      system.idtBase = try u32()
      system.idtLimit = try u32()
      system.ldtr = try segment()
      system.tr = try segment()
      return system
    }

    mutating func vector() throws -> Vector {
      var v = Vector()
      let end = Int(try u32()) + position
      v.mode = try u8()
      v.cpu = try u8()
      v.source = try u8()
      v.flags = try u8()
      v.exception = try u8()
      v.errorMode = try u8()
      _ = try u16()
      v.error = try u32()
      v.ignoredFlags = try u32()
      let length = try u8()
      let ignored = try u8()
      let runsBefore = Int(try u16())
      let runsAfter = Int(try u16())
      let skips = try u8()
      let tolerance = try u8()
      let mask = try u16()
      v.instruction = Array(try take(16).prefix(length))
      v.ignoredStatus = try u16()
      v.toleratedRegisters = tolerance >> 4
      v.toleratedUlps = tolerance & 15
      for _ in 0..<10 { v.before.append(try u32()) }
      for _ in 0..<6 { v.segmentsBefore.append(try segment()) }
      v.after = v.before
      v.segmentsAfter = v.segmentsBefore
      for i in 0..<10 where mask >> UInt16(i) & 1 == 1 { v.after[i] = try u32() }
      for i in 0..<6 where mask >> UInt16(i + 10) & 1 == 1 { v.segmentsAfter[i] = try segment() }
      for _ in 0..<ignored { v.ignoredRegisters.append((Int(try u32()) & 7, try u32())) }
      for _ in 0..<runsBefore { v.memoryBefore.append(try run()) }
      for _ in 0..<runsAfter { v.memoryAfter.append(try run()) }
      for _ in 0..<skips { v.skipped.append((try u32(), Int(try u16()))) }
      if v.flags & 2 != 0 {
        v.fpuBefore = try take(88)
        v.fpuAfter = try take(88)
      }
      if v.flags & 4 != 0 {
        v.systemBefore = try system()
        v.systemAfter = try system()
      }
      guard position == end else { throw VectorError.malformed(offset: position) }
      return v
    }
  }
}
