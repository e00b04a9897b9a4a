import Testing

@testable import Processor

/// Which lines are in the caches, and which is replaced.
struct CacheTagsTests {
  /// Line `n` of set 5.
  private func line(_ n: UInt32) -> UInt32 { n << 7 | 5 }

  private func withTags(_ body: (CacheTags) -> Void) {
    let tags = CacheTags(sets: 128, ways: 4, boardLines: 1)
    defer { tags.deallocate() }
    body(tags)
  }

  /// What the processor does with a line that it needs. - Returns: whether it was there.
  private func use(_ tags: CacheTags, _ line: UInt32) -> Bool {
    if tags.isRecent(line) { return true }
    let (slot, isThere) = tags.touch(line)
    tags.recent[slot] = line
    return isThere
  }

  @Test("Empty ways are filled first; then the older line of the pair that wasn't used last goes")
  func replacement() {
    withTags { tags in
      for n in 0..<4 { #expect(!use(tags, line(UInt32(n)))) }
      // Used last: lines 2 and 3. Lines 0 and 1 are the other pair, 0 the older one.
      #expect(!use(tags, line(4)))
      #expect(!use(tags, line(0)), "line 0 was there")
      // It took the place of line 2.
      for n in [4, 1, 3, 0] as [UInt32] { #expect(use(tags, line(n)), "line \(n) is gone") }
      #expect(!use(tags, line(2)))
    }
  }

  @Test("The last used line of either pair is let through, and no other")
  func recent() {
    withTags { tags in
      for n in 0..<4 { _ = use(tags, line(UInt32(n))) }
      #expect((0..<4).map { tags.isRecent(line($0)) } == [false, true, false, true])
      let order = tags.order[5]
      for n in [1, 3, 1, 3, 1] as [UInt32] { #expect(use(tags, line(n))) }
      #expect(tags.order[5] == order)
      #expect(use(tags, line(0)))
      #expect((0..<4).map { tags.isRecent(line($0)) } == [true, false, false, true])
    }
  }

  @Test("Of the replacing of a line that is looked for behind `bringKnown` nothing differs")
  func shortCut() {
    withTags { a in
      withTags { b in
        for n in [0, 1, 2, 3, 1, 4, 5, 0, 4, 6, 2, 7, 1] as [UInt32] {
          if !use(a, line(n)) { b.recent[b.replace(line(n))] = line(n) } else { _ = use(b, line(n)) }
          #expect(a.bytes == b.bytes)
        }
      }
    }
  }

  @Test("States with one recent line for each set put it where its pair is")
  func older() {
    withTags { tags in
      for n in 0..<4 { _ = use(tags, line(UInt32(n))) }
      _ = use(tags, line(0))
      let new = tags.bytes
      // Older: 128 lines, line 0 of set 5 among them, and the rest as now.
      var recent = [UInt8](repeating: 0xFF, count: 512)
      withUnsafeBytes(of: line(0)) { recent.replaceSubrange(20..<24, with: $0) }
      tags.load(recent + new[1024...])
      #expect((0..<4).map { tags.isRecent(line($0)) } == [true, false, false, false])
      #expect(Array(tags.bytes[1024...]) == Array(new[1024...]))
      tags.load(new)
      #expect(tags.bytes == new)
      tags.load(Array(new.dropLast()))
      #expect(tags.bytes.prefix(3072).allSatisfy { $0 == 0xFF }, "another geometry: everything is empty")
    }
  }
}
