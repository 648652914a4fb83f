// Linked into the published Linux binaries only (MYELIN_OLD_GLIBC=ON), so that one made on a current distribution runs
// on old ones: glibc 2.17 and the libstdc++ of GCC 7. Newer systems give old functions new version numbers (dlopen
// moved from libdl to libc, for instance), and the linker always takes the newest. Here every such function gets a
// definition of ours, which stays inside the library (exports.map) and calls the old version or does the same with
// older functions. scripts/check-floors.js lists what is too new; a line here is the remedy.
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#include <condition_variable>
#include <exception>
#include <new>

#if defined(__x86_64__)
#define MYELIN_OLDEST "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define MYELIN_OLDEST "GLIBC_2.17"  // the first glibc for this processor
#else
#error "native/compat/old_glibc.cpp: name the first glibc version of this processor"
#endif

// Declares old_NAME, which the linker binds to the first version of NAME.
#define OLD(result, name, ...) \
  extern "C" result old_##name(__VA_ARGS__); \
  __asm__(".symver old_" #name ", " #name "@" MYELIN_OLDEST)

OLD(void*, dlopen, const char* file, int mode);
OLD(void*, dlsym, void* library, const char* name);
OLD(char*, dlerror);
OLD(int, dladdr, const void* address, Dl_info* info);
OLD(int, pthread_sigmask, int how, const sigset_t* set, sigset_t* old);
OLD(int, pthread_create, pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*), void* argument);
OLD(int, pthread_join, pthread_t thread, void** result);
OLD(int, pthread_detach, pthread_t thread);
OLD(int, pthread_once, pthread_once_t* once, void (*init)());
OLD(int, __xstat, int version, const char* path, struct stat* result);

extern "C" {

void* dlopen(const char* file, int mode) noexcept { return old_dlopen(file, mode); }
void* dlsym(void* __restrict library, const char* __restrict name) noexcept { return old_dlsym(library, name); }
char* dlerror() noexcept { return old_dlerror(); }
int dladdr(const void* address, Dl_info* info) noexcept { return old_dladdr(address, info); }

int pthread_sigmask(int how, const sigset_t* __restrict set, sigset_t* __restrict old) noexcept {
  return old_pthread_sigmask(how, set, old);
}
int pthread_create(pthread_t* __restrict thread, const pthread_attr_t* __restrict attributes, void* (*start)(void*),
                   void* __restrict argument) noexcept {
  return old_pthread_create(thread, attributes, start, argument);
}
int pthread_join(pthread_t thread, void** result) { return old_pthread_join(thread, result); }
int pthread_detach(pthread_t thread) noexcept { return old_pthread_detach(thread); }
int pthread_once(pthread_once_t* once, void (*init)()) { return old_pthread_once(once, init); }

// Until glibc 2.33 stat was an inline function over this one; the number is that of struct stat's layout.
int stat(const char* __restrict path, struct stat* __restrict result) noexcept {
#if defined(__x86_64__)
  constexpr int layout = 1;
#else
  constexpr int layout = 0;
#endif
  return old___xstat(layout, path, result);
}

// glibc 2.30. As libstdc++ did before: the time left, on the clock that pthread_cond_timedwait knows.
int pthread_cond_clockwait(pthread_cond_t* __restrict condition, pthread_mutex_t* __restrict mutex, clockid_t clock,
                           const struct timespec* __restrict until) {
  constexpr long second = 1000000000;
  struct timespec deadline = *until;
  if (clock != CLOCK_REALTIME) {
    struct timespec there, here;
    clock_gettime(clock, &there);
    clock_gettime(CLOCK_REALTIME, &here);
    deadline.tv_sec += here.tv_sec - there.tv_sec;
    deadline.tv_nsec += here.tv_nsec - there.tv_nsec;
    if (deadline.tv_nsec < 0) {
      deadline.tv_nsec += second;
      deadline.tv_sec--;
    } else if (deadline.tv_nsec >= second) {
      deadline.tv_nsec -= second;
      deadline.tv_sec++;
    }
  }
  return pthread_cond_timedwait(condition, mutex, &deadline);
}

// glibc 2.32. What shared_ptr asks before it uses plain instead of atomic counters: no.
char __libc_single_threaded = 0;

}  // extern "C"

namespace std {

// GLIBCXX_3.4.30
void condition_variable::wait(unique_lock<mutex>& lock) noexcept {
  pthread_cond_wait(native_handle(), lock.mutex()->native_handle());
}

// GLIBCXX_3.4.29
void __throw_bad_array_new_length() { throw bad_array_new_length(); }

// CXXABI_1.3.13: until GCC 11 copying and destroying an exception_ptr were functions of the library, and they did just
// this.
namespace __exception_ptr {

extern "C" void old_copy(void* to, const void* from) __asm__("_ZNSt15__exception_ptr13exception_ptrC1ERKS0_");
extern "C" void old_destroy(void* pointer) __asm__("_ZNSt15__exception_ptr13exception_ptrD1Ev");

void exception_ptr::_M_addref() noexcept {
  alignas(exception_ptr) unsigned char uncounted[sizeof(exception_ptr)];
  old_copy(uncounted, this);  // never destroyed, so the count keeps it
}

void exception_ptr::_M_release() noexcept { old_destroy(this); }

}  // namespace __exception_ptr
}  // namespace std
