import ArgumentParser
import Glibc
import Hardware
import PC
import Processor

/// `heirloom measure-timing`, for those who work on Heirloom: what full timing costs the host on a program that says on
/// the debug port when it begins and ends. Two machines run it by turns in one process, a few milliseconds each, so that
/// whatever else the host does slows both.
struct MeasureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "measure-timing", abstract: "Compare the cost of full and simple timing.", shouldDisplay: false)
  @Argument(help: "A floppy image that starts the program.") var disk: String
  @Option(help: "What it says when it begins.") var from: String
  @Option(help: "What it says when it ends.") var to: String
  @Option(help: "How often.") var rounds = 9
  @Option(help: "Guest milliseconds a turn.") var turn = 20
  @Option(help: "A processor of `heirloom list cpus`.") var cpu = "486dx2-66"

  /// One of the two machines.
  private final class Runner {
    let machine: Machine
    private var said = ""

    init(_ timing: TimingModel, cpu: ProcessorModel, disk: String) throws {
      var configuration = MachineConfiguration()
      configuration.cpu.model = cpu
      configuration.cpu.timing = timing
      configuration.media.readOnly = true
      machine = try Machine(configuration)
      try machine.insert(path: disk, drive: 0)
      machine.onDebugByte = { [unowned self] byte in
        said.unicodeScalars.append(Unicode.Scalar(byte))
        if said.count > 1000 { said.removeFirst(500) }
      }
    }

    /// Runs until the program has said `text`.
    func run(until text: String) throws {
      while !said.contains(text) {
        guard machine.now < .zero + .seconds(600) else { throw HostError.file("it never said \(text)") }
        machine.run(until: machine.now + .milliseconds(20))
      }
      said = ""
    }

    /// One turn. - Returns: seconds of the host's processor.
    func turn(_ span: Span) -> Double {
      let start = Runner.processorTime
      machine.run(until: machine.now + span)
      return Runner.processorTime - start
    }

    func has(said text: String) -> Bool { said.contains(text) }

    private static var processorTime: Double {
      var time = timespec()
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
  }

  func validate() throws {
    guard rounds > 0 else { throw ValidationError("--rounds \(rounds): one at least") }
    guard 1...10_000 ~= turn else { throw ValidationError("--turn \(turn): 1 to 10000 ms") }
  }

  func run() throws {
    guard let model = ProcessorModel(rawValue: cpu) else { throw ValidationError("--cpu \(cpu): unknown") }
    let runners = try [TimingModel.simple, .full].map { try Runner($0, cpu: model, disk: disk) }
    let starts = try runners.map { runner in
      try runner.run(until: from)
      return (at: runner.machine.now, state: try runner.machine.snapshot())
    }
    var ratios: [Double] = []
    var best = [Double.infinity, .infinity]
    var guest = 0.0
    for _ in 0..<rounds {
      var spent = [0.0, 0.0]
      for (runner, start) in zip(runners, starts) { try runner.machine.restore(start.state) }
      while let next = runners.indices.filter({ !runners[$0].has(said: to) }).min(by: { spent[$0] < spent[$1] }) {
        spent[next] += runners[next].turn(.milliseconds(Int64(turn)))
      }
      guest = Double((runners[1].machine.now - starts[1].at).picoseconds) / 1e12
      for runner in runners { try runner.run(until: to) }
      ratios.append(spent[1] / spent[0])
      for i in 0..<2 { best[i] = min(best[i], spent[i]) }
    }
    ratios.sort()
    print("simple \(best[0]) s, full \(best[1]) s of the host's processor, the least of \(rounds)")
    print(
      "full costs \(ratios[ratios.count / 2]) times as much, the median; \(ratios[0]) to \(ratios[ratios.count - 1])")
    print("\(guest) s of guest time with full timing: \(guest / best[1]) times as fast as the real one")
  }
}
