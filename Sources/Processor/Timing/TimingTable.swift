/// What a number of a timing record is for.
enum TimingRole: UInt8, CaseIterable {
  case base, taken, protected, privileged, v86, inner, outer, task
  case gateSame, gateInner, gateParameters, taskGate, toV86
  case one, many, unequal, miss, granular, cr0, cr2, cr3, dr0, dr6, tr3, tr4
  case repeatNone, repeatOne, `repeat`, repeatProtected, repeatPrivileged, repeatV86
  // Clocks for each iteration of the four rows before, from the `varies` column.
  case each, eachProtected, eachPrivileged, eachV86
  // Task switches: to a 286 TSS (base), a 386 TSS (protected) or V86, from the last word.
  case baseFromBase, baseFromProtected, baseFromV86
  case protectedFromBase, protectedFromProtected, protectedFromV86
  case v86FromBase, v86FromProtected, v86FromV86

  /// The names in the `role` column of the tables.
  static let named: [String: TimingRole] = [
    "base": .base, "taken": .taken, "protected": .protected, "privileged": .privileged, "v86": .v86,
    "inner": .inner, "outer": .outer, "task": .task, "gate-same": .gateSame, "gate-inner": .gateInner,
    "gate-parameters": .gateParameters, "task-gate": .taskGate, "to-v86": .toV86, "one": .one, "many": .many,
    "unequal": .unequal, "miss": .miss, "granular": .granular, "cr0": .cr0, "cr2": .cr2, "cr3": .cr3, "dr0": .dr0,
    "dr6": .dr6, "tr3": .tr3, "tr4": .tr4, "repeat-none": .repeatNone, "repeat-one": .repeatOne,
    "repeat": .repeat, "repeat-protected": .repeatProtected, "repeat-privileged": .repeatPrivileged,
    "repeat-v86": .repeatV86, "base-from-base": .baseFromBase, "base-from-protected": .baseFromProtected,
    "base-from-v86": .baseFromV86, "protected-from-base": .protectedFromBase,
    "protected-from-protected": .protectedFromProtected, "protected-from-v86": .protectedFromV86,
    "v86-from-base": .v86FromBase, "v86-from-protected": .v86FromProtected, "v86-from-v86": .v86FromV86,
  ]
}

/// The clock tables in the form the processor uses: for each opcode, operand kind and size a record of numbers by role.
/// Built once a family from the rows; the decoder puts an instruction's static clocks and its record into its `Op`.
struct TimingTable: @unchecked Sendable {
  /// No such number in the record.
  static let none = UInt16.max
  private static let roles = TimingRole.allCases.count
  private static let opcodes = 512

  /// Record of every cell: ((opcode * 8 + reg field) * 2 + memory operand) * 3 + size. Lives as long as the program,
  /// as `records` does.
  private let cells: UnsafePointer<UInt16>
  private let records: UnsafePointer<UInt16>
  /// The record of external interrupts, that of exceptions, and that of task switches.
  let interrupt: UInt16
  let exception: UInt16
  let taskSwitch: UInt16
  /// Numeric instructions: clocks, and those of them that the integer unit is free, by `X87Clocks.index`; and for the
  /// environment in protected mode (FLDENV, FSTENV, FRSTOR, FSAVE).
  private let numeric: UnsafePointer<UInt16>
  private let numericConcurrent: UnsafePointer<UInt16>
  private let numericProtected: UnsafePointer<UInt16>

  static let i386 = TimingTable(TimingRow.all(family: 3))
  static let i486 = TimingTable(TimingRow.all(family: 4))

  // MARK: Looking up

  /// The record of an instruction form. `size`: 0, 1, 2 for 8, 16, 32 bits.
  @inline(__always) func record(opcode: Int, reg: Int, memory: Bool, size: Int) -> UInt16 {
    cells[TimingTable.cell(opcode, reg, memory, size)]
  }

  /// The number for `role` in record `record`, nil if the tables have none.
  @inline(__always) func clocks(_ record: UInt16, _ role: TimingRole) -> Int64? {
    let value = records[Int(record) &* TimingTable.roles &+ Int(role.rawValue)]
    return value == TimingTable.none ? nil : Int64(value)
  }

  /// What any path through the form takes at least: charged when its block starts.
  @inline(__always) func least(_ record: UInt16) -> UInt16 { leastClocks[Int(record)] }
  private let leastClocks: UnsafePointer<UInt16>
  private static let modes: [TimingRole] = [
    .base, .taken, .protected, .privileged, .v86, .cr0, .cr2, .cr3, .dr0, .dr6, .tr3, .tr4, .miss,
  ]

  /// Clocks of a numeric instruction by `X87Clocks.index`.
  func numericClocks(_ index: Int, protected: Bool) -> UInt16 {
    protected && numericProtected[index] != TimingTable.none ? numericProtected[index] : numeric[index]
  }
  func numericConcurrency(_ index: Int) -> UInt16 { numericConcurrent[index] }

  private static func cell(_ opcode: Int, _ reg: Int, _ memory: Bool, _ size: Int) -> Int {
    ((opcode * 8 + reg) * 2 + (memory ? 1 : 0)) * 3 + size
  }

  // MARK: Building

  private init(_ rows: [TimingRow]) {
    var values: [Int: [UInt16]] = [:]
    var events: [String: [UInt16]] = [:]
    let numeric = UnsafeMutablePointer<UInt16>.allocate(capacity: X87Clocks.count)
    let concurrent = UnsafeMutablePointer<UInt16>.allocate(capacity: X87Clocks.count)
    let protected = UnsafeMutablePointer<UInt16>.allocate(capacity: X87Clocks.count)
    numeric.initialize(repeating: 0, count: X87Clocks.count)
    concurrent.initialize(repeating: 0, count: X87Clocks.count)
    protected.initialize(repeating: TimingTable.none, count: X87Clocks.count)
    for row in rows {
      guard let role = TimingRole.named[row.role] else { continue }
      if row.size == "fp", row.opcodes != ["9B"] {
        for name in row.opcodes {
          guard let opcode = TimingTable.escape(name) else { continue }
          let index = X87Clocks.index(opcode: opcode)
          if role == .protected { protected[index] = UInt16(row.clocks) } else { numeric[index] = UInt16(row.clocks) }
          concurrent[index] = UInt16(row.concurrent ?? 0)
        }
        continue
      }
      for name in row.opcodes {
        if let place = TimingTable.places(name) {
          for cell in TimingTable.cells(place, row) { TimingTable.enter(row, role, &values[cell, default: []]) }
        } else {
          TimingTable.enter(row, role, &events[name, default: []])
        }
      }
    }
    self.numeric = UnsafePointer(numeric)
    numericConcurrent = UnsafePointer(concurrent)
    numericProtected = UnsafePointer(protected)

    var unique: [[UInt16]: UInt16] = [:]
    var flat: [UInt16] = []
    func number(_ record: [UInt16]) -> UInt16 {
      if let known = unique[record] { return known }
      let index = UInt16(unique.count)
      unique[record] = index
      flat += record
      return index
    }
    let empty = number([UInt16](repeating: TimingTable.none, count: TimingTable.roles))
    let count = TimingTable.opcodes * 8 * 2 * 3
    let cells = UnsafeMutablePointer<UInt16>.allocate(capacity: count)
    for cell in 0..<count { (cells + cell).initialize(to: TimingTable.nearest(cell, values).map(number) ?? empty) }
    interrupt = number(events["interrupt"] ?? [])
    exception = number(events["exception"] ?? [])
    taskSwitch = number(events["task-switch"] ?? [])
    let records = UnsafeMutablePointer<UInt16>.allocate(capacity: flat.count)
    for (i, value) in flat.enumerated() { (records + i).initialize(to: value) }
    let least = UnsafeMutablePointer<UInt16>.allocate(capacity: unique.count)
    for record in 0..<unique.count {
      let values = TimingTable.modes.map { flat[record * TimingTable.roles + Int($0.rawValue)] }
      let smallest = values.min() ?? TimingTable.none
      (least + record).initialize(to: smallest == TimingTable.none ? 0 : smallest)
    }
    leastClocks = UnsafePointer(least)
    self.cells = UnsafePointer(cells)
    self.records = UnsafePointer(records)
  }

  /// Puts a row's numbers into a record. Of two rows for the same place the smaller one counts.
  private static func enter(_ row: TimingRow, _ role: TimingRole, _ record: inout [UInt16]) {
    if record.isEmpty { record = [UInt16](repeating: none, count: roles) }
    let place = Int(role.rawValue)
    record[place] = min(record[place], UInt16(row.clocks))
    guard let number = Int(row.varies.prefix { $0.isNumber }) else { return }
    switch role {
    case .repeat: record[Int(TimingRole.each.rawValue)] = UInt16(number)
    case .repeatProtected: record[Int(TimingRole.eachProtected.rawValue)] = UInt16(number)
    case .repeatPrivileged: record[Int(TimingRole.eachPrivileged.rawValue)] = UInt16(number)
    case .repeatV86: record[Int(TimingRole.eachV86.rawValue)] = UInt16(number)
    default: break
    }
  }

  /// The record of a cell, or of the same form at another size or with the other kind of operand: the tables name
  /// only what differs.
  private static func nearest(_ cell: Int, _ values: [Int: [UInt16]]) -> [UInt16]? {
    let form = cell / 3 * 3
    let other = (cell / 3 ^ 1) * 3
    let sizes = [cell % 3, 2, 1, 0]
    return (sizes.map { form + $0 } + sizes.map { other + $0 }).lazy.compactMap { values[$0] }.first
  }

  /// Opcodes and reg fields that an encoding's name stands for; nil if it isn't an encoding.
  private static func places(_ name: String) -> [(opcode: Int, reg: Int?)]? {
    var text = name[...]
    var reg: Int?
    if let slash = text.firstIndex(of: "/") {
      reg = Int(text[text.index(after: slash)...])
      text = text[..<slash]
    }
    var opcodes = 1
    if text.last == "+" {
      text = text.dropLast()
      opcodes = ["70", "0F80", "0F90"].contains(text) ? 16 : 8
    }
    let isLong = text.hasPrefix("0F") && text.count == 4
    guard text.count == 2 || isLong, let number = Int(text, radix: 16) else { return nil }
    let first = isLong ? 0x100 | number & 0xFF : number
    // 90h is NOP, not XCHG with the accumulator.
    return (0..<opcodes).map { first + $0 }.filter { $0 != 0x90 || opcodes == 1 }.map { ($0, reg) }
  }

  private static func cells(_ places: [(opcode: Int, reg: Int?)], _ row: TimingRow) -> [Int] {
    let operands = row.operands.split(whereSeparator: { $0 == " " || $0 == "/" })
    let isMemory = operands.contains { $0.hasPrefix("m") }
    let kinds = row.operands.contains("r/m") ? [false, true] : [isMemory]
    let sizes = ["8": [0], "16": [1], "32": [2], "16/32": [1, 2]][row.size] ?? [0, 1, 2]
    var cells: [Int] = []
    for place in places {
      for reg in place.reg.map({ [$0] }) ?? Array(0..<8) {
        for kind in kinds { cells += sizes.map { cell(place.opcode, reg, kind, $0) } }
      }
    }
    return cells
  }

  /// "D8/2" or "D9C8" as the eleven bits that `X87` counts opcodes with.
  private static func escape(_ name: String) -> UInt16? {
    let parts = name.split(separator: "/")
    guard let first = parts.first, let number = UInt16(first, radix: 16) else { return nil }
    if parts.count == 2 {
      guard let reg = UInt16(parts[1]) else { return nil }
      return (number & 7) << 8 | reg << 3
    }
    return (number >> 8 & 7) << 8 | number & 0xFF
  }
}
