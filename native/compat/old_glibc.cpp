// Linked into the published Linux binaries only (MYELIN_OLD_GLIBC=ON), so that one made on a current distribution runs
// on old ones: glibc 2.17 and the libstdc++ of GCC 7. Newer systems give old functions new version numbers (dlopen
// moved from libdl to libc, for instance), and the linker always takes the newest. Here every such function gets a
// definition of ours, which stays inside the library (exports.map) and calls the old version or does the same with
// older functions. scripts/package/check-floors.js lists what is too new; a line here is the remedy.
#include <pthread.h>
#include <sys/stat.h>
#include <time.h>

#include <condition_variable>
#include <exception>
#include <new>

// FORWARD(name, version) defines `name` as a jump to the function of that version: arguments, results and exceptions
// pass through untouched, so no signature is needed. A section for each, so that the linker drops those that nobody
// calls.
#if defined(__x86_64__)
#define FORWARD(name, version) \
  __asm__(".pushsection .text.old." #name ",\"ax\",@progbits\n.globl " #name "\n.type " #name \
          ",@function\n" \
          ".symver old_" #name "," #name "@GLIBC_" version "\n" #name ":\n  jmp *old_" #name \
          "@GOTPCREL(%rip)\n.size " #name ",.-" #name "\n.popsection")
#define FIRST "2.2.5"
#define LATER(version) version
#elif defined(__aarch64__)
#define FORWARD(name, version) \
  __asm__(".pushsection .text.old." #name ",\"ax\",@progbits\n.globl " #name "\n.type " #name \
          ",@function\n" \
          ".symver old_" #name "," #name "@GLIBC_" version "\n" #name ":\n  adrp x16, :got:old_" #name \
          "\n  ldr x16, [x16, :got_lo12:old_" #name \
          "]\n  br x16\n" \
          ".size " #name ",.-" #name "\n.popsection")
#define FIRST "2.17"  // the first glibc for this processor
#define LATER(version) "2.17"
#else
#error "native/compat/old_glibc.cpp: how does this processor jump to a function of another library?"
#endif

// From libdl, libpthread and librt, which became part of libc with glibc 2.34. The CUDA runtime is the greatest
// customer.
FORWARD(dladdr, FIRST);
FORWARD(dlclose, FIRST);
FORWARD(dlerror, FIRST);
FORWARD(dlmopen, LATER("2.3.4"));
FORWARD(dlopen, FIRST);
FORWARD(dlsym, FIRST);
FORWARD(dlvsym, FIRST);
FORWARD(shm_open, FIRST);
FORWARD(shm_unlink, FIRST);
FORWARD(pthread_condattr_setpshared, FIRST);
FORWARD(pthread_create, FIRST);
FORWARD(pthread_detach, FIRST);
FORWARD(pthread_getspecific, FIRST);
FORWARD(pthread_join, FIRST);
FORWARD(pthread_key_create, FIRST);
FORWARD(pthread_key_delete, FIRST);
FORWARD(pthread_kill, FIRST);
FORWARD(pthread_mutex_trylock, FIRST);
FORWARD(pthread_mutexattr_destroy, FIRST);
FORWARD(pthread_mutexattr_init, FIRST);
FORWARD(pthread_mutexattr_setpshared, FIRST);
FORWARD(pthread_mutexattr_settype, FIRST);
FORWARD(pthread_once, FIRST);
FORWARD(pthread_rwlock_destroy, FIRST);
FORWARD(pthread_rwlock_init, FIRST);
FORWARD(pthread_rwlock_rdlock, FIRST);
FORWARD(pthread_rwlock_timedrdlock, FIRST);
FORWARD(pthread_rwlock_timedwrlock, FIRST);
FORWARD(pthread_rwlock_tryrdlock, FIRST);
FORWARD(pthread_rwlock_trywrlock, FIRST);
FORWARD(pthread_rwlock_unlock, FIRST);
FORWARD(pthread_rwlock_wrlock, FIRST);
FORWARD(pthread_rwlockattr_destroy, FIRST);
FORWARD(pthread_rwlockattr_init, FIRST);
FORWARD(pthread_rwlockattr_setpshared, FIRST);
FORWARD(pthread_setspecific, FIRST);
FORWARD(pthread_sigmask, FIRST);
FORWARD(pthread_spin_destroy, FIRST);
FORWARD(pthread_spin_init, FIRST);
FORWARD(pthread_spin_lock, FIRST);
FORWARD(pthread_spin_trylock, FIRST);
FORWARD(pthread_spin_unlock, FIRST);
FORWARD(sem_destroy, FIRST);
FORWARD(sem_init, FIRST);
FORWARD(sem_post, FIRST);
FORWARD(sem_timedwait, FIRST);
FORWARD(sem_trywait, FIRST);
FORWARD(sem_wait, FIRST);
FORWARD(__xstat, FIRST);

extern "C" {

int __xstat(int layout, const char* path, struct stat* result) noexcept;

// Until glibc 2.33 stat was an inline function over this one; the number is that of struct stat's layout.
int stat(const char* __restrict path, struct stat* __restrict result) noexcept {
#if defined(__x86_64__)
  constexpr int layout = 1;
#else
  constexpr int layout = 0;
#endif
  return __xstat(layout, path, result);
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
