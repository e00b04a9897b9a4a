import Hardware
import PC
import Storage

/// A machine under test with what it has said on port E9h, moved on in steps of 10 ms of guest time.
///
/// Steps end on a grid of absolute guest times, so that what a script does, and when, is the same in every run with the
/// same machine, also when one run is taken up by another machine in the middle.
final class Guest {
  /// The grid.
  static let grid = Span.milliseconds(10)

  let machine: Machine
  private(set) var said: [UInt8] = []
  /// Steps done.
  private(set) var ticks: Int64 = 0
  private(set) var script: GuestScript

  /// A machine that is switched on, with `disk` in drive A.
  convenience init(
    _ configuration: MachineConfiguration, disk: [UInt8]? = nil, script: GuestScript = GuestScript([])
  ) throws {
    self.init(try Machine(configuration), script: script)
    if let disk { try machine.insert(try FloppyImage(raw: disk, name: "test disk"), drive: 0) }
  }

  /// The same for a machine that has its media.
  init(_ machine: Machine, script: GuestScript) {
    self.machine = machine
    self.script = script
    machine.onDebugByte = { [unowned self] in said.append($0) }
  }

  /// A byte that the guest has said, for those who listen themselves.
  func hear(_ byte: UInt8) { said.append(byte) }

  /// What was said, as text.
  var text: String { String(decoding: said, as: UTF8.self) }

  /// The end of step number `tick`.
  static func end(ofTick tick: Int64) -> Instant { .zero + grid * tick }

  /// One step: what the script wants, then 10 ms. Additional `stops` inside the step cut it into pieces; `atStop` is
  /// called at each.
  ///
  /// - Returns: false when the script is over or the machine is off.
  func step(stops: [Instant] = [], atStop: (Guest) throws -> Void = { _ in }) throws -> Bool {
    let now = Self.end(ofTick: ticks)
    let isOver = try script.poll(self, at: now)
    if isOver || machine.outcome != nil { return false }
    for stop in stops {
      machine.run(until: stop)
      try atStop(self)
    }
    ticks += 1
    machine.run(until: Self.end(ofTick: ticks))
    return true
  }

  /// Steps until the script is over.
  func run() throws {
    while try step() {}
  }

  /// Steps for `span`, a multiple of 10 ms.
  func run(for span: Span) throws { try perform(GuestScript([(.wait(span), .nothing)], patience: .seconds(3600))) }

  /// Does `script` from now on, to its end.
  func perform(_ script: GuestScript) throws {
    self.script = script.following(self.script)
    try run()
  }

  /// Takes over from `other` in the middle of a step: its state through the codec's bytes, its script and its place in
  /// it.
  func takeOver(_ state: [UInt8], ticks: Int64, said: [UInt8], script: GuestScript) throws -> [String] {
    let ignored = try machine.load(try SavedValue(serialized: state))
    self.ticks = ticks
    self.said = said
    self.script = script
    // The rest of the step in progress.
    self.ticks += 1
    machine.run(until: Self.end(ofTick: self.ticks))
    return ignored
  }

  /// The characters of the last line on the screen that isn't empty.
  var lastLine: String { machine.textScreen.lines.last { !$0.isEmpty } ?? "" }
}
