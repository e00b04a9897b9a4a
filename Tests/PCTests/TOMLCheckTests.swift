import Foundation
import Testing

@testable import PC

/// The TOML library ends the program on some texts; those it never sees.
@Suite struct TOMLCheckTests {
  @Test(
    "What the library can't bear is refused with its line",
    arguments: [
      ("[[[", 1, "section's name"), ("a = 1\n [ $x]", 2, "section's name"), ("\u{FEFF}[=", 1, "section's name"),
      ("a = [\n}", 2, "isn't closed"), ("a = {b = [}", 1, "isn't closed"), ("a = {b = 1]", 1, "isn't closed"),
      ("start = 1994-06-01true", 1, "quotes"), ("[clock]\nstart = 1994-06-01T12:00:00", 2, "quotes"),
      ("[cpu]\n\u{0}[", 2, "zero"), ("a" + String(repeating: ".a", count: 200_000) + " = 1", 1, "dots"),
      ("x = \"\"\"\n[\n\"\"\"\n[[[", 4, "section's name"), ("# [[[ 1994-06-01\nx = '\\'\n[.]", 3, "section's name"),
    ])
  func refused(text: String, line: Int, what: String) throws {
    let error = #expect(throws: HostError.self) {
      var configuration = MachineConfiguration()
      try configuration.apply(toml: text, path: "x.toml")
    }
    #expect(error?.kind == .file && error?.description.hasPrefix("x.toml: line \(line): not TOML: ") == true)
    #expect(error?.description.contains(what) == true, "\(error?.description ?? "")")
  }

  @Test(
    "What is TOML passes",
    arguments: [
      "", "\u{FEFF}[cpu]\r\nmodel = '386dx-33' # [[[\r\n", "[ \"cpu\" . model ]\n",
      "[[a]]\nb = [[1], [\n[{c = [2]}]]]\n",
      "a = \"\\\"[}1994-06-01\\\\\"\nb = '''\n[[[\n'''\nc = \"\"\"}\\\"\"\"\\\n\"\"\"\n[d]\n",
      "a = [1, # }\n2]\nb = 1.5\n",
    ])
  func passes(text: String) { #expect(TOMLCheck.fault(in: text) == nil) }

  /// HEIRLOOM_FUZZ_SECONDS for as long as that.
  @Test("No text ends the program")
  func fuzz() {
    let parts = [
      "[", "[", "]", "{", "}", "=", "=", ".", ",", "a", "b", "\"x\"", "'y'", "\"\"\"", "'''", "\n", "\n", "#", " ", "1",
      "-", "+", "0x", "0b", "1979-05-27", "T07:32:00", "07:32:00.5", "true", "inf", "nan", "\\", "\t", "\r", "\r\n",
      "é", "\"", "'", "\u{1}", "\u{B}", "\u{C}", "\u{0}", "\u{85}", "\u{2028}", "\u{A0}", "\u{FEFF}", "a=1\n", "[a]\n",
      "[[a]]\n", "a={", "a=[", "e5", "_", "9999999999999999999", "Z", ":", "$", "\\u00", "\\U0010FFFF",
    ]
    var numbers = SystemRandomNumberGenerator()
    let seconds = ProcessInfo.processInfo.environment["HEIRLOOM_FUZZ_SECONDS"].flatMap { Double($0) } ?? 1
    let end = Date().addingTimeInterval(seconds)
    var faults = 0
    while Date() < end {
      let text = (0..<Int.random(in: 1...14, using: &numbers)).map { _ in parts.randomElement(using: &numbers) ?? "" }
        .joined()
      var configuration = MachineConfiguration()
      do { try configuration.apply(toml: text, path: "x.toml") } catch { faults += 1 }
    }
    #expect(faults > 0)
  }
}
