/* app/config_private.h: a setting as a row of config_table.c, which config.c reads and shows. */
#pragma once
#include "app/config.h"

enum setting_kind { SETTING_TEXT, SETTING_WHOLE, SETTING_DECIMAL, SETTING_URL, SETTING_ENV };
enum setting_need { OPTIONAL, REQUIRED, REQUIRED_IN_PRODUCTION };

struct setting {
    const char *name;
    enum setting_kind kind;
    size_t offset;      /* in struct config */
    const char *preset; /* NULL: none */
    enum setting_need need;
    bool secret;
    int64_t least, most; /* SETTING_WHOLE */
    const char *what;
};

extern const struct setting config_table[];
extern const size_t config_table_count;
