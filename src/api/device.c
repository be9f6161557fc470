/* api/device.c: browsers and systems by the words that give them away. */
#include "api/device.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

struct sign {
    const char *word, *name;
};
/* The first that is found counts: nearly every browser also calls itself another. */
static const struct sign browsers[] = {
    {"Edg/", "Edge"},
    {"EdgA/", "Edge"},
    {"EdgiOS/", "Edge"},
    {"OPR/", "Opera"},
    {"SamsungBrowser/", "Samsung Internet"},
    {"Vivaldi/", "Vivaldi"},
    {"Firefox/", "Firefox"},
    {"FxiOS/", "Firefox"},
    {"CriOS/", "Chrome"},
    {"Chrome/", "Chrome"},
    {"Safari/", "Safari"},
};
static const struct sign systems[] = {
    {"iPhone", "iPhone"}, {"iPad", "iPad"},    {"Android", "Android"}, {"Windows", "Windows"},
    {"CrOS", "ChromeOS"}, {"Mac OS X", "Mac"}, {"Linux", "Linux"},
};

static const char *find(const char *agent, const struct sign *signs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strstr(agent, signs[i].word))
            return signs[i].name;
    return NULL;
}

/* The first word, of printable ASCII only: it is a stranger's and will be shown. */
static void copy_program(const char *agent, char name_out[DEVICE_BYTES])
{
    size_t bytes = 0;
    while (bytes < DEVICE_BYTES - 1 && agent[bytes] > ' ' && agent[bytes] < 0x7F)
        bytes++;
    snprintf(name_out, DEVICE_BYTES, "%.*s", (int)bytes, agent);
}

void device_name(const char *agent, char name_out[DEVICE_BYTES])
{
    const char *text = agent ? agent : "";
    const char *browser = find(text, browsers, countof(browsers));
    const char *system = find(text, systems, countof(systems));
    if (browser && system)
        snprintf(name_out, DEVICE_BYTES, "%s on %s", browser, system);
    else
        copy_program(text, name_out);
}
