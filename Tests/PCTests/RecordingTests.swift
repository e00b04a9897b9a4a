import Foundation
import Hardware
import PC
import Testing

/// Recordings, and the pictures made of frames.
@Suite struct RecordingTests {
  private func frame(_ width: Int, _ height: Int, _ color: UInt32, rate: Double = 70) -> VideoFrame {
    VideoFrame(
      width: width, height: height, pixels: (0..<width * height).map { UInt32($0) &* color & 0xFF_FFFF },
      refreshRate: rate)
  }

  private func number(_ bytes: Data, _ at: Int) -> Int {
    (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << ($1 * 8) }
  }

  @Test func aRecordingIsARIFFFileWhoseSizesAndIndexAreRight() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "heirloom-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "a.avi").path
    let recorder = VideoRecorder(path: path)
    for i in 0..<10 { recorder.add(frame(50, 30, UInt32(1000 + i / 4))) }
    for _ in 0..<3 { recorder.add(frame(64, 48, 77, rate: 60)) }
    let files = try recorder.finish()
    #expect(files == [path, folder.appending(path: "a-2.avi").path])
    for (file, frames) in zip(files, [10, 3]) {
      let bytes = try Data(contentsOf: URL(filePath: file))
      #expect(number(bytes, 4) == bytes.count - 8)
      let text = { (at: Int) in String(decoding: bytes[at..<at + 4], as: UTF8.self) }
      // Over the chunks: LIST hdrl, LIST movi, idx1.
      var at = 12
      var movi = 0
      var index: [(flags: Int, offset: Int, size: Int)] = []
      while at + 8 <= bytes.count {
        let size = number(bytes, at + 4)
        if text(at) == "LIST", text(at + 8) == "movi" { movi = at + 8 }
        if text(at) == "idx1" {
          index = stride(from: at + 8, to: at + 8 + size, by: 16).map {
            (number(bytes, $0 + 4), number(bytes, $0 + 8), number(bytes, $0 + 12))
          }
        }
        at += 8 + size
      }
      #expect(at == bytes.count)
      #expect(index.count == frames && number(bytes, 48) == frames)
      #expect(index.first?.flags == 0x10)
      for entry in index {
        #expect(text(movi + entry.offset) == "00dc")
        #expect(number(bytes, movi + entry.offset + 4) == entry.size)
      }
    }
  }

  @Test func aRecordingThatCanNotBeWrittenSaysSo() {
    let recorder = VideoRecorder(path: "/nowhere/at/all.avi")
    recorder.add(frame(8, 8, 1))
    #expect(throws: HostError.self) { try recorder.finish() }
  }

  @Test func aScaledPictureHasSquareDotsAndItsTrueProportions() {
    let row: [UInt32] = [0, 0, 0xFF_FFFF, 0xFF_FFFF]
    let half = row + row + row + row
    let scaled = VideoFrame(width: 4, height: 4, pixels: half, aspect: 1.5).scaled(by: 2)
    #expect(scaled.width == 12 && scaled.height == 8)
    let wide = [UInt32](repeating: 0, count: 6) + [UInt32](repeating: 0xFF_FFFF, count: 6)
    #expect(Array(scaled.pixels[..<12]) == wide)
    // A dot that covers two halves is their mean.
    let odd = VideoFrame(width: 4, height: 4, pixels: half, aspect: 0.75).scaled(by: 1)
    let mean: [UInt32] = [0, 0x80_8080, 0xFF_FFFF]
    #expect(Array(odd.pixels[..<3]) == mean)
  }

  @Test func onlyABlackBorderIsTrimmed() {
    var pixels = [UInt32](repeating: 0, count: 20)
    pixels[6] = 0xFF
    let border = VideoFrame.Border(left: 1, top: 1, right: 1, bottom: 1)
    let plain = VideoFrame(width: 5, height: 4, pixels: pixels, border: border)
    #expect(plain.trimmed.width == 3 && plain.trimmed.height == 2 && plain.trimmed.pixels[0] == 0xFF)
    pixels[19] = 1
    #expect(VideoFrame(width: 5, height: 4, pixels: pixels, border: border).trimmed.width == 5)
  }
}
