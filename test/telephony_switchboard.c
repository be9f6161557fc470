/* test/telephony_switchboard.c: the switchboard the telephony knocks at, played by the world: it
 * takes a leg or refuses it as told, and keeps what it was asked to set up. */
#include "line/switchboard.h"
#include "test/telephony_world.h"

#include <stdio.h>

int switchboard_admits(const struct switchboard *board, struct uuid tenant)
{
    (void)board, (void)tenant;
    return world.admits;
}

static void on_audio(struct leg *leg, const uint8_t *ulaw, size_t bytes, int64_t at_ms, void *arg)
{
    (void)leg, (void)ulaw, (void)bytes, (void)at_ms, (void)arg;
}

static void on_mark(struct leg *leg, uint32_t mark, void *arg)
{
    (void)leg, (void)mark, (void)arg;
}

static void on_dtmf(struct leg *leg, char digit, void *arg)
{
    (void)leg, (void)digit, (void)arg;
}

static void on_closed(struct leg *leg, bool stopped, const char *why, void *arg)
{
    (void)leg, (void)stopped, (void)why, (void)arg;
    world.leg_gone = true;
    leg_close(&world.leg, "gone");
}

static void keep(char *out, size_t room, const char *text)
{
    snprintf(out, room, "%s", text ? text : "-");
}

static void keep_list(char *out, size_t room, const char *const *list)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; list && list[i] && at < room; i++)
        at += (size_t)snprintf(out + at, room - at, "%s%s", i ? "," : "", list[i]);
}

int switchboard_open(struct switchboard *board, struct leg *leg, const struct line_setup *setup)
{
    static const struct leg_handler handler = {on_audio, on_mark, on_dtmf, on_closed};
    (void)board;
    world.opened_count++;
    if (world.opens)
        return world.opens;
    world.setup.call = setup->call;
    world.setup.tenant = setup->tenant;
    keep(world.setup.call_sid, sizeof(world.setup.call_sid), setup->call_sid);
    keep(world.setup.caller, sizeof(world.setup.caller), setup->caller_number);
    keep(world.setup.owner, sizeof(world.setup.owner), setup->owner);
    keep(world.setup.language, sizeof(world.setup.language), setup->language);
    keep(world.setup.transfer_to, sizeof(world.setup.transfer_to), setup->transfer_to);
    keep(world.setup.instructions, sizeof(world.setup.instructions), setup->instructions);
    keep(world.setup.say, sizeof(world.setup.say), setup->say);
    keep_list(world.setup.names, sizeof(world.setup.names), setup->names);
    keep_list(world.setup.urgent, sizeof(world.setup.urgent), setup->urgent);
    world.setup.vip = setup->vip;
    world.setup.wants_message = setup->wants_message;
    world.setup.filter = setup->filter;
    world.setup.duration_ms_max = setup->duration_ms_max;
    world.setup.message_only = setup->message_only;
    world.setup.resumed = setup->resumed;
    world.setup.transfer_failed = setup->transfer_failed;
    world.leg = leg;
    world.leg_gone = false;
    leg_admit(leg, &handler, NULL);
    world.opened = true;
    return 0;
}
