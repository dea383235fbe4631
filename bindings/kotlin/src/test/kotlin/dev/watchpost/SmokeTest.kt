package dev.watchpost

import dev.watchpost.ffi.version
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

class SmokeTest {
    @Test
    fun loads() = assertEquals("0.1.0", version())
}
