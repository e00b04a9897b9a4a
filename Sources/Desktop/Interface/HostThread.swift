import Glibc

/// A thread that does one thing.
enum HostThread {
  private final class Body: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Does `body` on a thread of its own, or here if the host has none to give.
  static func start(_ body: @escaping @Sendable () -> Void) {
    let context = Unmanaged.passRetained(Body(body)).toOpaque()
    var thread = pthread_t()
    let failure = pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<Body>.fromOpaque(context).takeRetainedValue().body() }
        return nil
      }, context)
    if failure == 0 {
      pthread_detach(thread)
    } else {
      Unmanaged<Body>.fromOpaque(context).takeRetainedValue().body()
    }
  }
}
