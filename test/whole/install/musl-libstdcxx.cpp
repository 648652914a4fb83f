// What glibc's C++ library asks of its C library and musl 1.2.3 does not have; see musl.js.
// The unwinder finds nothing: Bun is compiled without exceptions.
extern "C" {
__attribute__((visibility("hidden"))) void* __dso_handle = &__dso_handle;
char __libc_single_threaded = 0;
int _dl_find_object(void*, void*) { return -1; }
unsigned arc4random() { __builtin_trap(); }
}
