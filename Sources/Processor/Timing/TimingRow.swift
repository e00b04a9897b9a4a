import CTiming

/// One line of the clock tables: an instruction form in one mode, what Intel or somebody who measured says it takes,
/// and where that is written.
///
/// - Source: Sources/CTiming/i386.csv and i486.csv, where each row names its own.
public struct TimingRow: Equatable, Sendable {
  /// Intel's mnemonic, or what happens ("hw INTR", "task switch").
  public let mnemonic: String
  /// Encodings: hexadecimal opcodes, "/n" for the ModRM reg field, "+" for a register or condition in the low bits;
  /// "interrupt", "exception" and "task-switch" for what isn't an instruction; "-" for rows that a rule implements.
  public let opcodes: [String]
  /// Operands as the manuals write them.
  public let operands: String
  /// Operand size in bits, "-" for all, "fp" for the numeric unit.
  public let size: String
  /// Processor mode: all, real, prot, v86 and combinations.
  public let mode: String
  /// Path or condition within the form; "-" for none.
  public let condition: String
  /// What the row is to the model.
  let role: String
  /// Core clocks as modelled: the constant part if `varies` says that there is more.
  public let clocks: Int
  /// Smallest documented value (constant part).
  public let minimum: Int
  /// Largest documented value (constant part).
  public let maximum: Int
  /// The variable part: "4n" for four clocks an iteration, "m" for the components of a jump's target, "log2" and
  /// "bits" for what depends on operands, "ts" for a task switch on top.
  public let varies: String
  /// Numeric unit: clocks at the end during which the integer unit is free; nil where the table has none.
  public let concurrent: Int?
  /// Where the numbers come from.
  public let source: String
  /// "high", "medium" or "low".
  public let confidence: String

  /// "microbenchmark": the test suite repeats the instruction and compares its clocks with this row. Otherwise why not.
  public var coverage: String {
    confidence == "low" ? "none: the source isn't sure" : "microbenchmark"
  }

  /// The row is about the pipeline or the TLB, which `TimingModel.simple` leaves out.
  var needsFullTiming: Bool { (role == "note" && minimum < 10) || (mnemonic == "INVLPG" && role == "miss") }

  /// The clocks as text: "3", "7+m", "13-26".
  public var clockText: String {
    let range = minimum == maximum ? "\(minimum)" : "\(minimum)-\(maximum)"
    let parts = varies.split(separator: " ").compactMap { part -> String? in
      switch part {
      case "log2", "bits": nil
      case "int": "interrupt"
      default: String(part)
      }
    }
    return ([range] + parts).joined(separator: "+")
  }

  /// The table for `model`: without the numeric unit where there can't be one.
  public static func all(for model: ProcessorModel) -> [TimingRow] {
    all(family: model.family).filter { $0.size != "fp" || model.family == 3 || model.hasOwnFPU }
  }

  /// All rows for `family` 3 or 4, in the tables' order.
  public static func all(family: Int) -> [TimingRow] { family == 4 ? i486 : i386 }

  private static let i386 = parse(timing_i386())
  private static let i486 = parse(timing_i486())

  private static func parse(_ text: TimingText) -> [TimingRow] {
    UnsafeBufferPointer(start: text.bytes, count: text.size)
      .split(separator: UInt8(ascii: "\n")).dropFirst()
      .compactMap { TimingRow($0.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)) }
  }

  /// A line's fourteen fields; nil for a line that isn't one (a test counts them).
  private init?<Field: Sequence<UInt8>>(_ fields: [Field]) {
    guard fields.count == 14 else { return nil }
    let texts = fields.map { String(decoding: Array($0), as: UTF8.self) }
    guard let clocks = Int(texts[7]), let minimum = Int(texts[8]), let maximum = Int(texts[9]) else { return nil }
    mnemonic = texts[0]
    opcodes = texts[1].split(separator: " ").map(String.init)
    operands = texts[2]
    size = texts[3]
    mode = texts[4]
    condition = texts[5]
    role = texts[6]
    self.clocks = clocks
    self.minimum = minimum
    self.maximum = maximum
    varies = texts[10]
    concurrent = Int(texts[11])
    source = texts[12]
    confidence = texts[13]
  }
}
