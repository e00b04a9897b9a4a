import Compression
import Foundation
import Processor
import Testing

/// Vectors in the repository: every third record of each group, and all of INC and DEC (whose overflow is rare in chance
/// operands: a thinner sample missed a broken one).
private let samples = vectors(in: Bundle.module.bundleURL.appending(path: "Vectors"))

/// The whole set, beside the checkout, where it is there.
private let shared = vectors(
  in: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared/vectors").standardized)

private func vectors(in folder: URL) -> [String] {
  let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
  return files.filter { $0.hasSuffix(".x86v.gz") }.sorted().map { folder.appending(path: $0).path }
}

/// All records of `files` on `model`; every `stride`-th where there are many.
private func run(_ files: [String], _ model: ProcessorModel, stride: Int) throws -> (passed: Int, failures: [String]) {
  let runner = VectorRunner(model: model)
  var passed = 0
  var failures: [String] = []
  for path in files {
    let file = try VectorFile(Gzip.unpack([UInt8](Data(contentsOf: URL(filePath: path)))))
    let report = runner.run(file, stride: stride, keeping: 2)
    passed += report.passed
    failures += report.failures.map { "\(file.group): \($0)" }
    if report.failed > report.failures.count { failures.append("\(file.group): \(report.failed) in all") }
  }
  return (passed, failures)
}

@Suite struct VectorTests {
  @Test("Each instruction does what it did on silicon", arguments: [ProcessorModel.i386dx33, .i486dx2x66])
  func sample(model: ProcessorModel) throws {
    let result = try run(samples, model, stride: 1)
    #expect(result.failures == [])
    #expect(result.passed > 30_000)
  }

  @Test(
    "The whole set passes, the 80286's real mode included", .enabled(if: !shared.isEmpty, "no ../shared/vectors here"),
    arguments: [ProcessorModel.i386dx33, .i486dx2x66])
  func whole(model: ProcessorModel) throws {
    let result = try run(shared, model, stride: 5)
    #expect(result.failures == [])
    #expect(result.passed > 30_000)
  }

  @Test("A damaged vector file is refused, not believed")
  func damaged() throws {
    let first = try #require(samples.first)
    let bytes = try Gzip.unpack([UInt8](Data(contentsOf: URL(filePath: first))))
    for end in stride(from: 0, to: min(bytes.count, 4000), by: 7) {
      #expect(throws: (any Error).self) { try VectorFile(Array(bytes[..<end])) }
    }
    for end in 0..<40 {
      let packed = [UInt8](try Data(contentsOf: URL(filePath: first)))
      #expect(throws: CompressionError.self) { try Gzip.unpack(Array(packed[..<end])) }
    }
  }
}
