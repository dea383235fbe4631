import Testing
@testable import Watchpost

@Test func loads() { #expect(nativeVersion() == "0.1.0") }
