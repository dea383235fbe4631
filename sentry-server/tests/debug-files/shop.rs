//! A program without a library, for a debug file of any system.
#![feature(no_core, lang_items, intrinsics, rustc_attrs)]
#![no_core]
#![no_std]
#![no_main]
#![allow(internal_features)]

#[lang = "pointee_sized"]
pub trait PointeeSized {}
#[lang = "meta_sized"]
pub trait MetaSized: PointeeSized {}
#[lang = "sized"]
pub trait Sized: MetaSized {}
#[lang = "copy"]
pub trait Copy {}
impl Copy for *mut u32 {}
impl Copy for u32 {}

#[inline(always)]
fn write(place: *mut u32, amount: u32) {
    unsafe { *place = amount }
}

#[inline(always)]
fn charge(place: *mut u32, amount: u32) {
    write(place, amount);
}

#[inline(never)]
pub fn pay(place: *mut u32, amount: u32) {
    charge(place, amount);
}

#[unsafe(no_mangle)]
pub extern "C" fn mainCRTStartup() -> u32 {
    pay(8 as *mut u32, 3);
    0
}
