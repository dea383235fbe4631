import Foundation
import Testing

@testable import Watchpost

extension All {
    @Suite(.serialized) struct HookTests {
        struct Odd: Error {}

        @Test func aThrowingHookLosesTheEventOnly() throws {
            let recorder = try Recorder { $0.beforeSend = { _ in throw Odd() } }
            defer { WatchpostSDK.install(nil) }
            #expect(WatchpostSDK.capture(message: "x") == nil)
            #expect(try recorder.dropped() == lost("before_send"))
            #expect(try recorder.events().isEmpty)
        }

        @Test func anEventThatIsNoneAnymoreIsDroppedAndCounted() throws {
            let recorder = try Recorder { $0.beforeSend = { _ in ["exception": 42] } }
            defer { WatchpostSDK.install(nil) }
            #expect(WatchpostSDK.capture(message: "x") == nil)
            #expect(try recorder.dropped() == lost("before_send"))
        }

        @Test func aHookThatWaitsForAnotherThreadsCaptureDoesNotLock() throws {
            let recorder = try Recorder { options in
                options.beforeSend = { event in
                    guard event["message"] == "outer" else { return event }
                    let inner = DispatchSemaphore(value: 0)
                    Thread.detachNewThread {
                        WatchpostSDK.capture(message: "inner")
                        inner.signal()
                    }
                    #expect(inner.wait(timeout: .now() + 10) == .success)
                    return event
                }
            }
            defer { WatchpostSDK.install(nil) }
            #expect(WatchpostSDK.capture(message: "outer") != nil)
            #expect(try recorder.events().map { $0.at("logentry.formatted") } == ["inner", "outer"])
        }

        @Test func hostileTextSurvivesTheBoundary() throws {
            let text = "\u{0}\u{1F}\"\\\n\u{2028}👩‍👩‍👧é\u{FFFF}"
            let recorder = try Recorder { $0.beforeSend = { $0 } }
            defer { WatchpostSDK.install(nil) }
            WatchpostSDK.setExtra("text", .string(text))
            WatchpostSDK.setExtra("odd", .array([.double(.nan), .double(-.infinity), .double(0.1), .int(.min)]))
            #expect(WatchpostSDK.capture(message: text) != nil)
            let event = try recorder.events()[0]
            #expect(event.at("extra.text") == .string(text))
            #expect(event.at("extra.odd") == ["nan", "-inf", 0.1, .int(.min)])
        }

        @Test func jsonRefusesWhatIsNone() {
            for text in ["", "{", "[1,]", "{\"a\" 1}", "nul", "\"\\x\"", "1 2", "\"\\u12\"", "01x", String(repeating: "[", count: 600)] {
                #expect(throws: JSONSyntaxError.self) { try JSON(parsing: text) }
            }
            #expect((try? JSON(parsing: #""\ud83d\udc69 \ud83d x""#)) == .string("👩 \u{FFFD} x"))
        }
    }
}
