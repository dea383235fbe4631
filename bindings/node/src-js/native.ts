import { join } from "node:path";

import type * as binding from "../binding";

/** The addon. */
export const native = require(join(__dirname, "..", "binding.js")) as typeof binding;
export type NativeClient = binding.NativeClient;
export type NativeScope = binding.NativeScope;
export type NativeSpan = binding.NativeSpan;
export type NativeCountedRequest = binding.NativeCountedRequest;
export type NativeRequestSession = binding.NativeRequestSession;
export type NativeExchange = binding.NativeExchange;
export type NativeCall = binding.NativeCall;
export type CarriedTrace = binding.CarriedTrace;
export type Dispatcher = (hook: number, json: string) => string | null;
