import ArgumentParser
import Compression
import PC
import Processor

/// `heirloom vectors`: runs CPU vector files, one line `group passed failed` each.
struct VectorsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vectors", abstract: "Run CPU test vectors (X86V files) against the processor.",
    discussion: """
      Prints `group passed failed` for every file, and the first failures below it. Ends with status 1 if anything failed.
      """)

  @Option(help: "386, 486, or a name of `heirloom list cpus`.") var cpu = "486"
  @Option(help: "How many failures to print per file.") var failures = 5
  @Flag(help: "As a JSON array of objects.") var json = false
  @Argument(help: "Vector files, gzipped or not.") var files: [String]

  private var model: ProcessorModel? {
    switch cpu {
    case "386": .i386dx33
    case "486": .i486dx2x66
    default: ProcessorModel(rawValue: cpu)
    }
  }

  func validate() throws {
    if model == nil { throw ValidationError("--cpu \(cpu): unknown; 386, 486 or a name of `heirloom list cpus`") }
  }

  func run() throws {
    guard let model else { return }
    let runner = VectorRunner(model: model)
    var rows: [String] = []
    var failed = 0
    for path in files {
      let report = runner.run(try read(path), keeping: max(failures, 0))
      failed += report.failed
      if json {
        let texts = report.failures.map(JSON.quoted).joined(separator: ", ")
        rows.append(
          "{\"group\": \(JSON.quoted(report.group)), \"passed\": \(report.passed), \"failed\": \(report.failed), "
            + "\"skipped\": \(report.skipped), \"disputed\": \(report.disputed), \"failures\": [\(texts)]}")
      } else {
        print("\(report.group) \(report.passed) \(report.failed)")
        for failure in report.failures { print("  \(failure)") }
        if report.disputed > 0 { print("  \(report.disputed) disputed: they end in a state of the recording program") }
      }
    }
    if json { print("[" + rows.joined(separator: ",\n ") + "]") }
    if failed > 0 { throw ExitCode(1) }
  }

  private func read(_ path: String) throws -> VectorFile {
    let bytes = try HostFiles.read(path)
    do {
      return try VectorFile(Gzip.isCompressed(bytes) ? try Gzip.unpack(bytes) : bytes)
    } catch let error as VectorError {
      throw HostError.file("\(path): \(error.description)")
    } catch let error as CompressionError {
      throw HostError.file("\(path): \(error.description)")
    }
  }
}
