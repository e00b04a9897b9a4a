import Archive
import Desktop
import Glibc
import PC

/// What a person is asked about media before a machine's window opens.
extension Run {
  private static let drives: [(key: String, name: String)] = [
    ("floppy.a", "Drive A"), ("floppy.b", "Drive B"), ("cdrom.disc", "CD"), ("disk.hda", "Hard disk 1"),
    ("disk.hdb", "Hard disk 2"), ("disk.hdc", "Hard disk 3"), ("disk.hdd", "Hard disk 4"),
  ]

  /// The session of a machine; where media of a machine file are missing or have changed, the person says what to do.
  ///
  /// - Throws: `HostError`; what `Session` throws, if nobody has an answer.
  mutating func askingSession() throws -> Session {
    guard let keeper else { return try Session(configuration, options) }
    try askAboutMissing(keeper)
    while true {
      do { return try Session(configuration, options, keeper: keeper) } catch {
        guard keeper.isFrozen else { throw error }
        let prompt: MediaPrompt
        if let disc = keeper.changedDisc {
          keeper.changedDisc = nil
          prompt = MediaPrompt(
            "The machine is suspended with the CD \(disc.path), which \(disc.trouble). It can go on with the CD at another "
              + "place, or with the drive empty" + (disc.hasOther ? ", or with what is there now" : "")
              + "; the guest takes that for a change of discs.",
            drive: "CD", path: disc.path, answers: [.place(""), .empty] + (disc.hasOther ? [.accept] : []))
        } else {
          prompt = MediaPrompt(
            "\(error)\n\nWhat went on in the machine can't be taken up. It can start from power-on, with its disks as they "
              + "are; the suspended state stays a snapshot.", drive: "suspended", answers: [.cold])
        }
        switch try prompt.ask(machine: configuration.machine.name) {
        case .place(let path): configuration.cdrom.disc = HostPath(path: path)
        case .empty: keeper.changedMedia = .empty
        case .accept: keeper.changedMedia = .accept
        case .cold: try Restart.perform(["--cold"])
        case .cancel: throw Restart.cancelled(error)
        }
      }
    }
  }

  /// Files that the machine names and that aren't there.
  private mutating func askAboutMissing(_ keeper: OpenMachine) throws {
    for (key, drive) in Self.drives {
      while let path = ConfigurationKey.named(key)?.get(configuration), path != "none",
        !path.hasPrefix(HostPath.mediumPrefix), access(path, R_OK) != 0
      {
        let reason = "\(path): \(HostFiles.reason())"
        // A suspended machine can't lose a hard disk.
        let isFixed = keeper.isFrozen && key.hasPrefix("disk")
        let prompt = MediaPrompt(
          "\(reason). The machine has it as \(drive == "CD" ? "its CD" : drive)."
            + (isFixed ? " It is suspended, and can't go on without it." : ""),
          drive: drive, path: path, answers: [.place("")] + (isFixed ? [] : [.empty]))
        switch try prompt.ask(machine: configuration.machine.name) {
        case .place(let found): try configuration.set(key, to: found)
        case .empty: try configuration.set(key, to: "none")
        default: throw Restart.cancelled(HostError.file(reason))
        }
      }
    }
  }
}
