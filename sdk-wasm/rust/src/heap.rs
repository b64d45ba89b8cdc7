//! Memory: an allocator that never frees, because every call's memory is thrown away, and pages for windows.

/// The size of a page.
pub const PAGE: usize = 65536;

#[cfg(target_arch = "wasm32")]
mod wasm {
    use super::PAGE;
    use core::alloc::{GlobalAlloc, Layout};
    use core::cell::UnsafeCell;

    extern "C" {
        static __heap_base: u8;
    }

    struct Heap(UnsafeCell<(usize, usize)>); // the next free byte, and the end

    // A module has one thread.
    unsafe impl Sync for Heap {}

    #[global_allocator]
    static HEAP: Heap = Heap(UnsafeCell::new((0, 0)));

    unsafe impl GlobalAlloc for Heap {
        unsafe fn alloc(&self, l: Layout) -> *mut u8 {
            let h = &mut *self.0.get();
            if h.0 == 0 {
                h.0 = core::ptr::addr_of!(__heap_base) as usize;
                h.1 = core::arch::wasm32::memory_size(0) * PAGE;
            }
            let mut at = (h.0 + l.align() - 1) & !(l.align() - 1);
            if at > h.1 || l.size() > h.1 - at {
                let n = l.size().div_ceil(PAGE);
                let before = core::arch::wasm32::memory_grow(0, n);
                if before == usize::MAX {
                    return core::ptr::null_mut();
                }
                if before * PAGE != h.1 {
                    at = before * PAGE; // a window is in between
                }
                h.1 = (before + n) * PAGE;
            }
            h.0 = at + l.size();
            at as *mut u8
        }

        unsafe fn dealloc(&self, p: *mut u8, l: Layout) {
            let h = &mut *self.0.get();
            if p as usize + l.size() == h.0 {
                h.0 = p as usize; // the last one is easy
            }
        }

        unsafe fn realloc(&self, p: *mut u8, l: Layout, size: usize) -> *mut u8 {
            let h = &mut *self.0.get();
            if p as usize + l.size() == h.0 && size <= h.1 - p as usize {
                h.0 = p as usize + size;
                return p;
            }
            let q = self.alloc(Layout::from_size_align_unchecked(size, l.align()));
            if !q.is_null() {
                core::ptr::copy_nonoverlapping(p, q, l.size().min(size));
            }
            q
        }
    }

    #[panic_handler]
    fn panicked(info: &core::panic::PanicInfo) -> ! {
        let text = alloc::format!("{info}");
        crate::host::log(3, &text);
        core::arch::wasm32::unreachable()
    }
}

/// The places of windows that were closed.
#[cfg(target_arch = "wasm32")]
struct Spare(core::cell::RefCell<alloc::vec::Vec<(usize, usize)>>);

// A module has one thread.
#[cfg(target_arch = "wasm32")]
unsafe impl Sync for Spare {}

#[cfg(target_arch = "wasm32")]
static SPARE: Spare = Spare(core::cell::RefCell::new(alloc::vec::Vec::new()));

/// Room for a window of whole pages: what a closed one left, or new pages.
#[cfg(target_arch = "wasm32")]
pub fn place(size: usize) -> crate::Result<usize> {
    let mut all = SPARE.0.borrow_mut();
    if let Some(i) = all.iter().position(|x| x.1 == size) {
        return Ok(all.swap_remove(i).0);
    }
    match core::arch::wasm32::memory_grow(0, size / PAGE) {
        usize::MAX => Err(crate::Error::of(crate::bind::ENOMEM)),
        before => Ok(before * PAGE),
    }
}

/// Keeps a place for the next window.
#[cfg(target_arch = "wasm32")]
pub fn spare(at: usize, size: usize) {
    SPARE.0.borrow_mut().push((at, size));
}

/// There are no windows where there is no host.
#[cfg(not(target_arch = "wasm32"))]
pub fn place(_: usize) -> crate::Result<usize> {
    panic!("there is no host here")
}

/// There are no windows where there is no host.
#[cfg(not(target_arch = "wasm32"))]
pub fn spare(_: usize, _: usize) {}
