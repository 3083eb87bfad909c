/* Every call on a Cortex-M3 under QEMU. */
#include "machine.h"
#include "measure.h"

int main(void)
{
    machine_start_ticks();
    measure_all(meter_cases, meter_case_count);
    measure_all(frame_cases, frame_case_count);
    measure_all(cluster_cases, cluster_case_count);
    return 0;
}
