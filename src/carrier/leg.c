/* carrier/leg.c: from the port to the carrier that stands behind it. */
#include "carrier/leg_private.h"

void leg_admit(struct leg *leg, const struct leg_handler *handler, void *arg)
{
    leg->kind->admit(leg, handler, arg);
}

void leg_refuse(struct leg *leg, const char *why)
{
    leg->kind->refuse(leg, why);
}

void leg_send_audio(struct leg *leg, const uint8_t *ulaw, size_t bytes)
{
    leg->kind->send_audio(leg, ulaw, bytes);
}

void leg_send_mark(struct leg *leg, uint32_t mark)
{
    leg->kind->send_mark(leg, mark);
}

void leg_send_clear(struct leg *leg)
{
    leg->kind->send_clear(leg);
}

void leg_hold(struct leg *leg)
{
    leg->kind->hold(leg);
}

void leg_release(struct leg *leg)
{
    leg->kind->release(leg);
}

void leg_close(struct leg **leg, const char *why)
{
    struct leg *closing = *leg;
    *leg = NULL;
    if (closing)
        closing->kind->close(closing, why);
}
