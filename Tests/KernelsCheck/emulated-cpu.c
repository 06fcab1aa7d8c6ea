// Preloaded into the Python that runs emulate.py: makes the processor of bochscpu-python, a Cannon Lake, a
// Sapphire Rapids, which has VNNI and BF16; and the package, built for glibc 2.38, loadable on older ones.
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void *_Z23create_corei3_cnl_cpuidP8BX_CPU_C(void *cpu) {
  void *(*create)(void *) =
      (void *(*)(void *))dlsym(RTLD_DEFAULT, "_Z28create_sapphire_rapids_cpuidP8BX_CPU_C");
  if (!create) {
    fprintf(stderr, "emulated-cpu: this bochscpu-python has no Sapphire Rapids\n");
    exit(70);
  }
  return create(cpu);
}

unsigned long long __isoc23_strtoull(const char *text, char **end, int base) {
  return strtoull(text, end, base);
}

int __isoc23_sscanf(const char *text, const char *format, ...) {
  va_list list;
  va_start(list, format);
  const int found = vsscanf(text, format, list);
  va_end(list);
  return found;
}
