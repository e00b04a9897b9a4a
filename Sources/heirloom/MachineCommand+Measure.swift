import Archive
import ArgumentParser
import Foundation
import Glibc
import Hardware
import PC

extension MachineCommand {
  /// `heirloom machine measure`, for those who work on Heirloom: what keeping and taking back states costs. Its figures
  /// are in Sources/Archive/README.md.
  struct Measure: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "measure", abstract: "Measure snapshots and imports.", shouldDisplay: false)
    @Argument(help: "Megabytes of memory.") var megabytes = [16, 64, 256]
    @Option(help: "Megabytes of a disk to import.") var disk = 500

    func run() throws {
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent("heirloom-measure-\(getpid())")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      for size in megabytes { try states(size, folder.appendingPathComponent("\(size).heirloom").path) }
      if disk > 0 { try disk(folder) }
    }

    private func time(_ what: String, _ body: () throws -> Void) rethrows {
      let spent = try ContinuousClock().measure(body)
      print("\(what): \(spent.formatted(.units(allowed: [.milliseconds], fractionalPart: .show(length: 1))))")
      fflush(nil)
    }

    /// Bytes that don't pack.
    private func noise(_ target: UnsafeMutablePointer<UInt8>, _ count: Int, seed: UInt64) {
      var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
      let words = UnsafeMutableRawPointer(target).bindMemory(to: UInt64.self, capacity: count / 8)
      for at in 0..<count / 8 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        words[at] = state
      }
    }

    private func states(_ megabytes: Int, _ path: String) throws {
      var configuration = MachineConfiguration()
      configuration.memory.size = MemorySize(megabytes: megabytes)
      try MachineFile.create(path, MachineFile.Creation(name: "m", configuration: configuration))
      let open = try OpenMachine(path: path)
      let machine = try Machine(open.configuration, media: open)
      try machine.insertWelcomeDisk()
      machine.run(until: .zero + .seconds(5))
      // A machine in full use: half of its memory doesn't pack, a quarter packs well, a quarter was never written.
      let memory = machine.board.backplane.memory
      let size = memory.ramSize
      noise(memory.ram + (1 << 20), size / 2, seed: 1)
      for at in size / 2 + (1 << 20)..<size / 4 * 3 { memory.ram[at] = UInt8(truncatingIfNeeded: at >> 6) }
      func fileSize() throws -> Int { try open.file.sizes().file >> 10 }
      let what = "\(megabytes) MB:"
      for (round, change) in ["first snapshot", "next snapshot, nothing changed", "next snapshot, 4 MB changed"]
        .enumerated()
      {
        if round == 2 { noise(memory.ram + (2 << 20), 4 << 20, seed: 2) }
        machine.run(until: machine.now + .milliseconds(20))
        let before = try fileSize()
        try time("\(what) \(change), pause") { try open.keep(machine, as: "s\(round)") }
        try time("\(what) \(change), until it is in the file") { try open.settle() }
        print("\(what) \(change), \(try fileSize() - before) KB")
      }
      for round in 0..<3 {
        machine.run(until: machine.now + .milliseconds(500))
        try time("\(what) restore, after half a second") { try open.restore(machine, to: "s\(2 - round % 2)") }
        try open.settle()
      }
      for round in 0..<3 {
        noise(memory.ram, size, seed: 9 + UInt64(round))
        try time("\(what) restore, all of the memory differs") { try open.restore(machine, to: "s2") }
        try open.settle()
      }
      try time("\(what) suspend") { try open.freeze(machine) }
      try open.close()
      let again = try OpenMachine(path: path)
      var resumed: Machine?
      try time("\(what) resume: switching on") {
        resumed = try Machine(again.configuration, roms: again.roms, media: again)
      }
      try time("\(what) resume: taking the state up") { if let resumed { _ = try again.resume(resumed) } }
      try again.close()
      print("\(what) file \(try MachineFile(path: path, access: .reading).sizes().file >> 10) KB")
    }

    private func disk(_ folder: URL) throws {
      // A disk that is half full, as such are.
      let path = folder.appendingPathComponent("disk.img").path
      _ = FileManager.default.createFile(atPath: path, contents: nil)
      let image = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      var portion = [UInt8](repeating: 0, count: 1 << 20)
      for megabyte in 0..<disk / 2 {
        portion.withUnsafeMutableBufferPointer {
          if let base = $0.baseAddress { noise(base, $0.count, seed: UInt64(megabyte)) }
        }
        try image.write(contentsOf: Data(portion))
      }
      try image.truncate(atOffset: UInt64(disk) << 20)
      try image.close()
      var configuration = MachineConfiguration()
      configuration.disk.hda = HostPath(path: path)
      let file = folder.appendingPathComponent("disk.heirloom").path
      try time("import of a disk of \(disk) MB, half full") {
        try MachineFile.create(file, MachineFile.Creation(name: "d", configuration: configuration))
      }
      print("import: file \(try MachineFile(path: file, access: .reading).sizes().file >> 10) KB")
      try time("verify") { _ = try MachineFile(path: file, access: .reading).verify() }
    }
  }
}
