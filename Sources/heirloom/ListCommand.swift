import ArgumentParser
import Hardware
import PC
import Processor

/// `heirloom list`: what can be named on the command line.
struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List names: processors, cards, keys, devices; and the clocks of instructions.",
    subcommands: [CPUs.self, Video.self, Sound.self, Keys.self, Devices.self, Timing.self])

  /// Rows of named columns, as text in columns or as JSON.
  struct Table: ParsableArguments {
    @Flag(name: .customLong("json"), help: "As a JSON array of objects.") var json = false

    func print(_ columns: [String], _ rows: [[String]]) {
      if json {
        let objects = rows.map { row in
          "{" + zip(columns, row).map { "\(JSON.quoted($0)): \(JSON.quoted($1))" }.joined(separator: ", ") + "}"
        }
        Swift.print("[" + objects.joined(separator: ",\n ") + "]")
        return
      }
      let widths = columns.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
      for row in rows {
        var line = ""
        for (column, cell) in row.enumerated() {
          line += cell
          if column < row.count - 1 { line += String(repeating: " ", count: widths[column] - cell.count + 2) }
        }
        while line.last == " " { line.removeLast() }
        Swift.print(line)
      }
    }
  }

  struct CPUs: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "cpus", abstract: "Processors for --cpu.")
    @OptionGroup var table: Table
    func run() {
      table.print(
        ["name", "clock", "fpu"],
        ProcessorModel.allCases.map { model in
          let megahertz = (model.clock.hertz / 10_000).rounded() / 100
          let text = megahertz == megahertz.rounded() ? "\(Int(megahertz))" : "\(megahertz)"
          let fpu = model.hasOwnFPU ? "own FPU" : model.family == 3 ? "387 with --fpu on" : "no FPU"
          return [model.rawValue, text + " MHz", fpu]
        })
    }
  }

  struct Video: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "video", abstract: "Graphics cards for --video.")
    @OptionGroup var table: Table
    func run() { table.print(["name", "card"], VideoCard.allCases.map { [$0.rawValue, $0.summary] }) }
  }

  struct Sound: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "sound", abstract: "Sound cards for --sound.")
    @OptionGroup var table: Table
    func run() { table.print(["name", "card"], SoundCard.allCases.map { [$0.rawValue, $0.summary] }) }
  }

  struct Keys: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "keys", abstract: "Configuration keys for --set and .toml files; --keyboard for names of keys.")
    @OptionGroup var table: Table
    @Flag(name: .customLong("keyboard"), help: "Names of the keyboard's keys for the `key` step instead.")
    var keyboard = false
    func run() {
      if keyboard {
        table.print(["name", "also"], KeyNames.all.map { [$0.name, $0.aliases.joined(separator: " ")] })
        return
      }
      let standard = MachineConfiguration()
      table.print(
        ["key", "flag", "default", "value", "meaning"],
        ConfigurationKey.all.map {
          [$0.name, $0.flag.map { "--" + $0 } ?? "", $0.get(standard), $0.expected, $0.summary]
        })
      if !table.json {
        print("\nKeys of the keyboard for the `key` step (--keyboard lists them with their other names):")
        print(KeyNames.all.map(\.name).joined(separator: " "))
      }
    }
  }

  struct Devices: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "devices", abstract: "Devices of the default machine and what they occupy.")
    @OptionGroup var table: Table
    func run() throws {
      let machine = try Machine(MachineConfiguration())
      table.print(
        ["name", "chip", "occupies"],
        machine.board.backplane.footprints.map { [$0.name, $0.chip, $0.occupies.joined(separator: ", ")] })
    }
  }
}

extension ListCommand {
  /// The timing passport.
  struct Timing: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "timing",
      abstract: "Clocks of every instruction form of a processor, where they come from, and whether a test covers them."
    )
    @OptionGroup var table: Table
    @Option(help: ArgumentHelp("Processor; `heirloom list cpus` names them.", valueName: "NAME"))
    var cpu = MachineConfiguration().cpu.model.rawValue

    func run() throws {
      guard let model = ProcessorModel(rawValue: cpu.lowercased()) else {
        let near = nearest(to: cpu, among: ProcessorModel.allCases.map(\.rawValue)).map { "; did you mean \($0)?" }
        throw HostError.usage("--cpu: \"\(cpu)\" is not a processor\(near ?? "; `heirloom list cpus` names them all")")
      }
      table.print(
        ["instruction", "operands", "size", "mode", "case", "clocks", "source", "confidence", "test"],
        TimingRow.all(for: model).map { row in
          [
            row.mnemonic, row.operands, row.size, row.mode, row.condition, row.clockText, row.source, row.confidence,
            row.coverage,
          ]
        })
    }
  }
}

/// The little of JSON that listings need.
enum JSON {
  static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}
