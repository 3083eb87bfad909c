/* The calls that need no long preparation, so that every instruction can be logged. */
#include "machine.h"
#include "measure.h"

int main(void)
{
    machine_start_ticks();
    measure_all(meter_cases, meter_case_count);
    measure_all(frame_cases, frame_case_count);
    return 0;
}
