/* carrier/twiml.c: TwiML, written verb by verb. */
#include "carrier/twiml.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <assert.h>
#include <string.h>

static void document_begin(struct buf *out)
{
    buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response>");
}

static void document_end(struct buf *out)
{
    buf_puts(out, "</Response>\n");
}

static void attribute(struct buf *out, const char *name, const char *value)
{
    if (!value)
        return;
    buf_printf(out, " %s=\"", name);
    buf_xml_text(out, str_of(value));
    buf_putc(out, '"');
}

static void attribute_int(struct buf *out, const char *name, int value)
{
    buf_printf(out, " %s=\"%d\"", name, value);
}

const char *twiml_language(const char *language)
{
    static const char *const known[] = {"cs-CZ", "sk-SK", "de-DE", "en-US", "pl-PL", "fr-FR",
                                        "es-ES", "it-IT", "nl-NL", "hu-HU", "uk-UA", "ru-RU"};
    for (size_t i = 0; language && i < countof(known); i++)
        if (strncmp(known[i], language, 2) == 0 && (!language[2] || language[2] == '-'))
            return known[i];
    return "en-US";
}

static void say(struct buf *out, const char *language, const char *text)
{
    if (!text || !text[0])
        return;
    buf_puts(out, "<Say");
    attribute(out, "language", twiml_language(language));
    buf_putc(out, '>');
    buf_xml_text(out, utf8_first(str_of(text), TWIML_SAY_CHARS_MAX));
    buf_puts(out, "</Say>");
}

static void voicemail_verbs(struct buf *out, const struct twiml_voicemail *voicemail)
{
    say(out, voicemail->language, voicemail->say);
    buf_puts(out, "<Record");
    attribute(out, "action", voicemail->action_url);
    attribute(out, "method", "POST");
    attribute_int(out, "maxLength", voicemail->seconds_max);
    attribute(out, "timeout", "5");
    attribute(out, "playBeep", "true");
    if (voicemail->status_url) {
        attribute(out, "recordingStatusCallback", voicemail->status_url);
        attribute(out, "recordingStatusCallbackEvent", "completed absent");
    }
    buf_puts(out, "/>");
    say(out, voicemail->language, voicemail->goodbye);
    buf_puts(out, "<Hangup/>");
}

void twiml_voicemail(struct buf *out, const struct twiml_voicemail *voicemail)
{
    document_begin(out);
    voicemail_verbs(out, voicemail);
    document_end(out);
}

static void parameter(struct buf *out, const char *name, const char *value)
{
    assert(strlen(name) + strlen(value) <= TWIML_PARAMETER_BYTES_MAX);
    buf_puts(out, "<Parameter");
    attribute(out, "name", name);
    attribute(out, "value", value);
    buf_puts(out, "/>");
}

void twiml_connect(struct buf *out, const struct twiml_connect *connect)
{
    assert(!strchr(connect->media_url, '?')); /* Twilio error 31920 */
    document_begin(out);
    buf_puts(out, "<Connect");
    attribute(out, "action", connect->action_url);
    attribute(out, "method", "POST");
    buf_puts(out, "><Stream");
    attribute(out, "url", connect->media_url);
    buf_putc(out, '>');
    parameter(out, "token", connect->token);
    if (connect->after)
        parameter(out, "after", connect->after);
    buf_puts(out, "</Stream></Connect>");
    voicemail_verbs(out, &connect->fallback);
    document_end(out);
}

void twiml_say_goodbye(struct buf *out, const char *language, const char *text)
{
    document_begin(out);
    say(out, language, text);
    buf_puts(out, "<Hangup/>");
    document_end(out);
}

void twiml_gather(struct buf *out, const struct twiml_gather *gather)
{
    document_begin(out);
    buf_puts(out, "<Gather");
    attribute(out, "input", "dtmf");
    attribute_int(out, "numDigits", gather->digits);
    attribute_int(out, "timeout", gather->seconds_max);
    attribute(out, "finishOnKey", "");
    attribute(out, "action", gather->action_url);
    attribute(out, "method", "POST");
    attribute(out, "actionOnEmptyResult", "true");
    attribute(out, "language", twiml_language(gather->language));
    buf_putc(out, '>');
    say(out, gather->language, gather->say);
    buf_puts(out, "</Gather>");
    say(out, gather->language, gather->goodbye);
    buf_puts(out, "<Hangup/>");
    document_end(out);
}

void twiml_dial(struct buf *out, const struct twiml_dial *dial)
{
    document_begin(out);
    buf_puts(out, "<Dial");
    attribute(out, "callerId", dial->caller_id);
    attribute(out, "action", dial->action_url);
    attribute(out, "method", "POST");
    attribute_int(out, "timeout", dial->ring_seconds_max);
    attribute_int(out, "timeLimit", dial->seconds_max);
    buf_puts(out, "><Number");
    attribute(out, "url", dial->whisper_url);
    buf_putc(out, '>');
    buf_xml_text(out, str_of(dial->number));
    buf_puts(out, "</Number></Dial>");
    document_end(out);
}

static void redirect(struct buf *out, const char *url)
{
    buf_puts(out, "<Redirect method=\"POST\">");
    buf_xml_text(out, str_of(url));
    buf_puts(out, "</Redirect>");
}

void twiml_say_and_ask(struct buf *out, const char *language, const char *text, const char *url)
{
    document_begin(out);
    say(out, language, text);
    redirect(out, url);
    document_end(out);
}

void twiml_redirect(struct buf *out, const char *url)
{
    document_begin(out);
    redirect(out, url);
    document_end(out);
}

void twiml_reject_busy(struct buf *out)
{
    document_begin(out);
    buf_puts(out, "<Reject reason=\"busy\"/>");
    document_end(out);
}

void twiml_over(struct buf *out)
{
    document_begin(out);
    document_end(out);
}

void twiml_hangup(struct buf *out)
{
    document_begin(out);
    buf_puts(out, "<Hangup/>");
    document_end(out);
}
