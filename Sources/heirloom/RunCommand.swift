import Archive
import ArgumentParser
import Desktop
import PC

/// `heirloom run`: a machine, in a window or without one.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a machine (this is what happens without a subcommand).")

  @Argument(help: "A machine file (.heirloom), a configuration (.toml), a floppy, hard disk or CD image.")
  var target: String?

  @OptionGroup(title: "Machine") var machine: MachineOptions
  @OptionGroup(title: "Run") var session: SessionOptions

  mutating func run() throws {
    if CommandLine.arguments.count == 1 { return try LibraryWindow().run() }
    let steps = try session.steps()
    let speed = try session.speedChoice()
    let stopAfter = try session.stopAfterSpan()
    var configuration = MachineConfiguration()
    let keeper = try apply(target: target, to: &configuration)
    try machine.apply(to: &configuration)
    keeper?.changedMedia = try session.changedMediaChoice()
    if let keeper, keeper.isFrozen {
      let changed = configuration.hardwareDifferences(from: keeper.configuration)
      guard changed.isEmpty else {
        throw HostError.usage(
          "\(keeper.file.path): is suspended, its parts can't change now (\(changed.joined(separator: ", "))); "
            + "--cold starts it from power-on")
      }
    }
    if configuration.clock.start == .host, let now = session.hostClock() { configuration.clock.start = .date(now) }
    try configuration.validate()

    var options = Session.Options()
    options.steps = steps
    options.endsWithScript = session.headless && !steps.isEmpty
    options.stopAfter = stopAfter
    options.audioFile = session.audioFile
    options.vgmFile = session.vgmFile
    options.midiFile = session.midiFile
    var run = Run(
      configuration: configuration, options: options, speed: speed, printsHash: session.stateHash, keeper: keeper,
      freezes: !session.noFreeze && !configuration.media.readOnly, isSealed: !session.noSandbox)
    try run.start(headless: session.headless)
  }

  /// A machine file is opened, a configuration file is read, a floppy image goes into drive A, a hard disk image becomes the first disk.
  private func apply(target: String?, to configuration: inout MachineConfiguration) throws -> OpenMachine? {
    guard let target else { return nil }
    switch try Target(path: target) {
    case .configuration: try configuration.apply(toml: try HostFiles.text(target), path: target)
    case .floppy:
      if let other = machine.floppyA {
        throw HostError.usage("--floppy-a: \(other) and \(target) can't both be in drive A; give one of them")
      }
      configuration.floppy.a = HostPath(path: target)
    case .hardDisk:
      if let other = machine.hda {
        throw HostError.usage("--hda: \(other) and \(target) can't both be the first hard disk; give one of them")
      }
      configuration.disk.hda = HostPath(path: target)
    case .cdrom:
      if let other = machine.cdrom {
        throw HostError.usage("--cdrom: \(other) and \(target) can't both be in the drive; give one of them")
      }
      configuration.cdrom.disc = HostPath(path: target)
    case .machine(let path, let name):
      let keeper = try OpenMachine(path: path, machine: name, fresh: session.cold, readOnly: machine.readOnly)
      configuration = keeper.configuration
      return keeper
    }
    return nil
  }
}
