import Foundation
import Testing

@testable import Watchpost

enum ImportError: Error {
    case row(Int, String)
    case file(name: String, underlying: Error)
}

struct Described: LocalizedError, CustomNSError {
    static let errorDomain = "shop.described"
    var errorCode: Int { 17 }
    var errorDescription: String? { "a described error" }
}

extension All {
    @Suite(.serialized) struct CaptureTests {
        @Test func underlyingErrorsComeOldestFirst() throws {
            let recorder = try Recorder()
            defer { WatchpostSDK.install(nil) }
            let line = #line + 1
            let id = WatchpostSDK.capture(error: ImportError.file(name: "a", underlying: ImportError.row(3, "bad")))
            #expect(id != nil)
            let event = try recorder.events()[0]
            #expect(event.at("exception.values")?.array?.count == 2)
            #expect(event.at("exception.values.0.type") == "ImportError")
            #expect(event.at("exception.values.0.value") == "row(3, \"bad\")")
            #expect(event.at("exception.values.0.mechanism.type") == "chained")
            #expect(event.at("exception.values.1.module") == "WatchpostTests")
            #expect(event.at("exception.values.1.mechanism.meta.ns_error.domain") == "WatchpostTests.ImportError")
            let frame = try #require(event.at("exception.values.1.stacktrace.frames.last"))
            #expect(frame["module"] == "WatchpostTests", "\(frame)")
            #expect(frame["function"]?.string?.contains("underlyingErrorsComeOldestFirst()") == true, "\(frame)")
            #expect(frame["filename"] == "CaptureTests.swift", "\(frame)")
            #expect(frame["lineno"] == .int(Int64(line)), "\(frame)")
            #expect(frame["in_app"] == true)
            let frames = event.at("exception.values.1.stacktrace.frames")!.array!
            #expect(frames.contains { $0["in_app"] == false })
            #expect(frames.allSatisfy { $0["instruction_addr"]?.string?.hasPrefix("0x") == true })
        }

        @Test func symbolsAreReadable() {
            #expect(Stacktrace.module(ofMangled: "$s4Shop4CartV3addyySiKF") == "Shop")
            #expect(Stacktrace.module(ofMangled: "$sSa6appendyyxnF") == "Swift")
            #expect(Stacktrace.module(ofMangled: "_ZN3foo3barE") == nil)
            #expect(Stacktrace.readable("$s4Shop4CartV3addyySiKF", module: "Shop") == "Cart.add(Int)")
            let hidden = "$s4Shop4CartV3add33_0123456789ABCDEF0123456789ABCDEFLLyySiF"
            #expect(Stacktrace.readable(hidden, module: "Shop") == "Cart.add(Int)")
            #expect(Stacktrace.readable("main", module: nil) == "main")
        }

        @Test func errorsOfFoundationHaveDomainAndCode() throws {
            let recorder = try Recorder()
            defer { WatchpostSDK.install(nil) }
            let inner = NSError(domain: "shop.disk", code: 28)
            WatchpostSDK.capture(error: NSError(domain: "shop.save", code: 4, userInfo: [NSUnderlyingErrorKey: inner]))
            WatchpostSDK.capture(error: Described())
            let events = try recorder.events()
            #expect(events[0].at("exception.values.0.type") == "shop.disk")
            #expect(events[0].at("exception.values.1.mechanism.meta.ns_error.code") == 4)
            #expect(events[0].at("exception.values.1.value")?.string?.contains("(Code: 4)") == true)
            #expect(events[1].at("exception.values.0.value") == "a described error")
            #expect(events[1].at("exception.values.0.mechanism.meta.ns_error.domain") == "shop.described")
        }

        @Test func messagesCarryTheStackWhenAsked() throws {
            let recorder = try Recorder { $0.attachStacktrace = true }
            defer { WatchpostSDK.install(nil) }
            let id = WatchpostSDK.capture(message: "x", level: .warning)
            #expect(id != nil)
            let event = try recorder.events()[0]
            #expect(event["level"] == "warning")
            #expect(event.at("threads.values.0.stacktrace.frames.last.filename") == "CaptureTests.swift")
        }

        @Test func tasksKeepTheirScopes() async throws {
            let recorder = try Recorder()
            defer { WatchpostSDK.install(nil) }
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        await WatchpostSDK.withIsolationScope { (_: Watchpost.Scope) async in
                            WatchpostSDK.setTag("job", "\(number)")
                            try? await Task.sleep(nanoseconds: 2_000_000)
                            WatchpostSDK.capture(message: "\(number)")
                        }
                    }
                }
            }
            let events = try recorder.events()
            #expect(events.count == 20)
            for event in events { #expect(event.at("tags.job") == event.at("logentry.formatted")) }
            WatchpostSDK.capture(message: "outside")
            #expect(try recorder.events()[0].at("tags.job") == nil)
        }

        @Test func threadsCaptureAtOnce() throws {
            let recorder = try Recorder()
            defer { WatchpostSDK.install(nil) }
            DispatchQueue.concurrentPerform(iterations: 8) { worker in
                for round in 0..<50 {
                    WatchpostSDK.withScope { scope in
                        scope.setTag("at", "\(worker)/\(round)")
                        WatchpostSDK.capture(message: "\(worker)/\(round)")
                    }
                }
            }
            let events = try recorder.events()
            #expect(events.count == 400)
            #expect(Set(events.map { $0["event_id"] }).count == 400)
            for event in events { #expect(event.at("tags.at") == event.at("logentry.formatted")) }
        }

        @Test func startNamesTheOptionAndARightOne() throws {
            let wrong: [(@Sendable (inout Options) -> Void, String, String)] = [
                ({ $0.dsn = "nonsense" }, "dsn", "https://"),
                ({ $0.sampleRate = 1.5 }, "sampleRate", "0.25"),
                ({ $0.sampleRate = .nan }, "sampleRate", "0.25"),
                ({ $0.maxBreadcrumbs = -1 }, "maxBreadcrumbs", "100"),
            ]
            for (configure, option, example) in wrong {
                do {
                    try WatchpostSDK.start(configure: configure)
                    Issue.record("\(option) was accepted")
                } catch let error as WatchpostError {
                    #expect(error.option == option)
                    #expect(error.localizedDescription.contains(option) && error.localizedDescription.contains(example), "\(error)")
                }
            }
            #expect(!WatchpostSDK.isEnabled)
        }

        @Test func withoutStartNothingHappens() {
            WatchpostSDK.install(nil)
            #expect(WatchpostSDK.capture(message: "x") == nil)
            #expect(WatchpostSDK.capture(error: Described()) == nil)
            WatchpostSDK.addBreadcrumb(message: "x")
            WatchpostSDK.setTag("a", "b")
            #expect(WatchpostSDK.flush(timeout: 0.01))
            #expect(WatchpostSDK.close(timeout: 0.01))
        }
    }
}
