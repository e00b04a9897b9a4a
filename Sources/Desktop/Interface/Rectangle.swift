import CSDL2
import Hardware

/// A rectangle in points.
struct Rectangle: Equatable {
  var x: Int
  var y: Int
  var width: Int
  var height: Int

  init(_ x: Int, _ y: Int, _ width: Int, _ height: Int) {
    (self.x, self.y, self.width, self.height) = (x, y, width, height)
  }

  func contains(_ point: (x: Int, y: Int)) -> Bool {
    point.x >= x && point.x < x + width && point.y >= y && point.y < y + height
  }

  func inset(_ by: Int) -> Rectangle { Rectangle(x + by, y + by, width - 2 * by, height - 2 * by) }

  var sdl: SDL_Rect { SDL_Rect(x: Int32(x), y: Int32(y), w: Int32(max(width, 0)), h: Int32(max(height, 0))) }

  private var middle: (x: Int, y: Int) { (x + width / 2, y + height / 2) }

  /// Which of `places` the arrow `key` goes to from the one at `index`; nil if there is none on that side.
  static func neighbour(of index: Int, among places: [Rectangle], towards key: Key) -> Int? {
    guard places.indices.contains(index) else { return places.isEmpty ? nil : 0 }
    let from = places[index]
    var best: (index: Int, distance: Int)?
    for (other, place) in places.enumerated() where other != index {
      // How far it is in the arrow's direction, and how far out of its way.
      let ahead: Int
      let aside: Int
      switch key {
      case .down, .up:
        ahead = key == .down ? place.y - (from.y + from.height) : from.y - (place.y + place.height)
        aside = gap(from.x, from.width, place.x, place.width) * 4 + abs(place.middle.x - from.middle.x) / 8
      case .right, .left:
        ahead = key == .right ? place.x - (from.x + from.width) : from.x - (place.x + place.width)
        aside = gap(from.y, from.height, place.y, place.height) * 4 + abs(place.middle.y - from.middle.y) / 8
      default: return nil
      }
      guard ahead >= 0 else { continue }
      let distance = ahead + aside
      if best.map({ distance < $0.distance }) ?? true { best = (other, distance) }
    }
    return best?.index
  }

  /// What is between two stretches; zero if they overlap.
  private static func gap(_ a: Int, _ aLength: Int, _ b: Int, _ bLength: Int) -> Int {
    max(b - (a + aLength), a - (b + bLength), 0)
  }
}
