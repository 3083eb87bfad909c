/* Vector table, start-up and semihosting for a Cortex-M3 under QEMU (ARM DDI 0403E, B1.5, B3.3; ARM DUI 0471, 8). */
#include "machine.h"

enum {
    SYS_WRITE0 = 0x04,
    SYS_EXIT = 0x18,
    STOPPED_APPLICATION_EXIT = 0x20026,
    STOPPED_RUN_TIME_ERROR = 0x20023
};
enum { SYST_ENABLE = 1, SYST_PROCESSOR_CLOCK = 4, SYST_MAX = 0xFFFFFF };

static volatile uint32_t *const syst_csr = (volatile uint32_t *)0xE000E010;
static volatile uint32_t *const syst_rvr = (volatile uint32_t *)0xE000E014;
static volatile uint32_t *const syst_cvr = (volatile uint32_t *)0xE000E018;

extern uint32_t _estack, _sidata, _sdata, _edata, _sbss, _ebss;
int main(void);
void machine_reset(void);

static void semihost(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

void machine_start_ticks(void)
{
    *syst_rvr = SYST_MAX;
    *syst_cvr = 0;
    *syst_csr = SYST_ENABLE | SYST_PROCESSOR_CLOCK;
}

__attribute__((noinline)) uint32_t machine_ticks_of(uint32_t (*run)(void), uint32_t *result)
{
    const uint32_t begin = *syst_cvr;
    *result = run();
    return (begin - *syst_cvr) & SYST_MAX;
}

void machine_write(const char *text)
{
    semihost(SYS_WRITE0, text);
}

void machine_write_number(uint32_t number)
{
    char digits[12];
    char *first = &digits[11];
    *first = '\0';
    do {
        *--first = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    machine_write(first);
}

void machine_exit(int is_failed)
{
    semihost(SYS_EXIT,
             (const void *)(uintptr_t)(is_failed ? STOPPED_RUN_TIME_ERROR : STOPPED_APPLICATION_EXIT));
    for (;;) {
    }
}

void machine_reset(void)
{
    const uint32_t *source = &_sidata;
    for (uint32_t *word = &_sdata; word < &_edata; word++) {
        *word = *source++;
    }
    for (uint32_t *word = &_sbss; word < &_ebss; word++) {
        *word = 0;
    }
    machine_exit(main());
}

static void fault(void)
{
    machine_write("fault\n");
    machine_exit(1);
}

/* Stack, reset, then every fault and system exception; no interrupt is enabled. */
__attribute__((section(".isr_vector"), used)) static const void *const vectors[16] = {
    &_estack,
    (const void *)machine_reset,
    (const void *)fault,
    (const void *)fault,
    (const void *)fault,
    (const void *)fault,
    (const void *)fault,
    0,
    0,
    0,
    0,
    (const void *)fault,
    (const void *)fault,
    0,
    (const void *)fault,
    (const void *)fault,
};
