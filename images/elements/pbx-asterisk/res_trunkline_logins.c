/*
 * Hands over what becomes of log-ins to trunkline-report-logins.
 *
 * Asterisk's manager interface would tell the same. It makes text of all that happens, and wakes two threads for
 * each event: with chan_sip, four events of a registration, a tenth of the time that registrations take. This module
 * looks at a few kinds of messages between Asterisk's parts (Stasis), takes what is needed, and waits a moment before
 * it does so, in which more of them come together.
 *
 * It writes to a FIFO. Each event is one object of JSON on a line of its own:
 *   {"event": "started"}                             Asterisk runs anew: no dialog of before exists
 *   {"event": "SuccessfulAuth", "account": "1001", "session": "0x7f0c2800b3f8", "port": 54321, "time": 1764423452.5}
 *   {"event": "Registered", "account": "1001", "port": 54321}
 *   {"event": "Newchannel", "account": "1001"}       a call that a phone places
 *   {"event": "lost", "count": 3}                    events that nobody read in time
 * SuccessfulAuth, ChallengeResponseFailed, InvalidPassword and (of chan_sip alone) ChallengeSent are Asterisk's
 * security events: https://docs.asterisk.org/Deployment/Asterisk-Security-Framework/. Registered and Rejected are the
 * states of chan_sip's peers. "account" is what a client calls itself, of at most 64 bytes; "time" is when Asterisk
 * made the event, in seconds by the clock that tells the date.
 *
 * SPDX-License-Identifier: GPL-2.0-only
 * Asterisk loads only modules under its own license.
 */
#include "asterisk.h"

#include <fcntl.h>

#include "asterisk/channel.h"
#include "asterisk/json.h"
#include "asterisk/lock.h"
#include "asterisk/module.h"
#include "asterisk/security_events.h"
#include "asterisk/stasis.h"
#include "asterisk/stasis_endpoints.h"
#include "asterisk/time.h"
#ifdef HAS_CHAN_SIP
#include "asterisk/stasis_channels.h"
#endif

#define FIFO "/run/trunkline/logins"
#define LONGEST_ACCOUNT 64
#define LONGEST_SESSION 32
/* Microseconds in which events come together. */
#define GATHER 20000
/* Milliseconds between two attempts to open the FIFO. */
#define AGAIN 1000

/* What reads one topic, in a thread of its own. */
struct reader {
    struct stasis_subscription *subscription;
    /* Until when messages have been gathered. */
    struct timeval gathered;
};

static struct reader security;
static struct reader endpoints;
static struct reader channels;
static int is_chan_sip;

AST_MUTEX_DEFINE_STATIC(output_lock);
static int output = -1;
static struct timeval tried;
static int lost;

/* Each line is shorter than PIPE_BUF: the kernel takes all of it or nothing. */
static int put(const char *line, size_t length)
{
    ssize_t written;

    if (output == -1) {
        if (ast_tvdiff_ms(ast_tvnow(), tried) < AGAIN) {
            return -1;
        }
        tried = ast_tvnow();
        output = open(FIFO, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        if (output == -1) {
            return -1;
        }
    }
    written = write(output, line, length);
    if (written == -1 && errno != EAGAIN && errno != EINTR) {
        close(output);
        output = -1;
    }
    return written == (ssize_t) length ? 0 : -1;
}

static void put_lost(void)
{
    char line[64];
    int length = snprintf(line, sizeof(line), "{\"event\":\"lost\",\"count\":%d}\n", lost);

    if (!put(line, length)) {
        lost = 0;
    }
}

/* Takes the reference to `event`, which may be NULL. */
static void tell(struct ast_json *event)
{
    char *text = event ? ast_json_dump_string_format(event, AST_JSON_COMPACT) : NULL;
    char line[PIPE_BUF];
    int length = text ? snprintf(line, sizeof(line), "%s\n", text) : -1;

    ast_mutex_lock(&output_lock);
    if (lost) {
        put_lost();
    }
    if (length < 0 || length >= (int) sizeof(line) || lost || put(line, length)) {
        lost++;
    }
    ast_mutex_unlock(&output_lock);
    ast_json_free(text);
    ast_json_unref(event);
}

/* Waits unless the message has been waiting, together with others. */
static void gather(struct reader *reader, const struct stasis_message *message)
{
    if (ast_tvcmp(*stasis_message_timestamp(message), reader->gathered) > 0) {
        usleep(GATHER);
        reader->gathered = ast_tvnow();
    }
}

/* Copies at most `size` - 1 bytes of UTF-8, and whole characters. */
static void cut(char *to, const char *text, size_t size)
{
    size_t length = strnlen(text, size);

    if (length == size) {
        for (length--; length && ((unsigned char) text[length] & 0xC0) == 0x80; length--) {
        }
    }
    memcpy(to, text, length);
    to[length] = '\0';
}

/* 54321 of `IPV4/TCP/192.168.0.254/54321`, `192.168.0.254:54321` and `54321`. */
static int port_of(const char *address)
{
    const char *end = strrchr(address, '/');

    if (!end) {
        end = strrchr(address, ':');
    }
    return atoi(end ? end + 1 : address);
}

static const char *text_of(const struct ast_json *object, const char *key)
{
    return S_OR(ast_json_string_get(ast_json_object_get((struct ast_json *) object, key)), "");
}

static int tells_of_login(int event)
{
    return event == AST_SECURITY_EVENT_SUCCESSFUL_AUTH || event == AST_SECURITY_EVENT_CHAL_RESP_FAILED ||
           event == AST_SECURITY_EVENT_INVAL_PASSWORD || (is_chan_sip && event == AST_SECURITY_EVENT_CHAL_SENT);
}

static void on_security(void *data, struct stasis_subscription *subscription, struct stasis_message *message)
{
    const struct ast_json_payload *payload;
    const struct timeval *made = stasis_message_timestamp(message);
    char account[LONGEST_ACCOUNT + 1];
    char session[LONGEST_SESSION + 1];
    int event;

    if (stasis_message_type(message) != ast_security_event_type()) {
        return;
    }
    gather(data, message);
    payload = stasis_message_data(message);
    event = ast_json_integer_get(ast_json_object_get(payload->json, "SecurityEvent"));
    /* Where no account is needed, there was no password. */
    if (!tells_of_login(event) || !strcmp(text_of(payload->json, "UsingPassword"), "0")) {
        return;
    }
    cut(account, text_of(payload->json, "AccountID"), sizeof(account));
    cut(session, text_of(payload->json, "SessionID"), sizeof(session));
    tell(ast_json_pack("{s: s, s: s, s: s, s: i, s: f}", "event", ast_security_event_get_name(event), "account", account,
        "session", session, "port", port_of(text_of(payload->json, "RemoteAddress")),
        "time", made->tv_sec + made->tv_usec / 1e6));
}

#ifdef HAS_CHAN_SIP
static void on_endpoint(void *data, struct stasis_subscription *subscription, struct stasis_message *message)
{
    const struct ast_endpoint_blob *blob;
    const char *status;
    const char *port;

    if (stasis_message_type(message) != ast_endpoint_state_type()) {
        return;
    }
    gather(data, message);
    blob = stasis_message_data(message);
    status = text_of(blob->blob, "peer_status");
    if (strcmp(blob->snapshot->tech, "SIP") || (strcmp(status, "Registered") && strcmp(status, "Rejected"))) {
        return;
    }
    port = text_of(blob->blob, "port");
    tell(ast_json_pack("{s: s, s: s, s: i}", "event", status, "account", blob->snapshot->resource,
        "port", port_of(*port ? port : text_of(blob->blob, "address"))));
}

/* A phone's number is in the dial plan, and so of digits. The channel of a call that a phone receives has `s`. */
static int is_placed_call(const struct ast_channel_snapshot *channel)
{
    return !strncmp(channel->name, "SIP/", 4) && channel->name[4 + strspn(channel->name + 4, "0123456789")] == '-' &&
           *channel->exten && !channel->exten[strspn(channel->exten, "0123456789")];
}

static void on_channel(void *data, struct stasis_subscription *subscription, struct stasis_message *message)
{
    const struct stasis_cache_update *update;
    const struct ast_channel_snapshot *channel;
    char account[LONGEST_ACCOUNT + 1];

    if (stasis_message_type(message) != stasis_cache_update_type()) {
        return;
    }
    gather(data, message);
    update = stasis_message_data(message);
    if (update->type != ast_channel_snapshot_type() || update->old_snapshot || !update->new_snapshot) {
        return;
    }
    channel = stasis_message_data(update->new_snapshot);
    if (is_placed_call(channel)) {
        cut(account, channel->name + 4, MIN(sizeof(account), strspn(channel->name + 4, "0123456789") + 1));
        tell(ast_json_pack("{s: s, s: s}", "event", "Newchannel", "account", account));
    }
}
#endif

static int subscribe(struct reader *reader, struct stasis_topic *topic, stasis_subscription_cb callback,
    struct stasis_message_type *type)
{
    reader->subscription = stasis_subscribe(topic, callback, reader);
    return !reader->subscription || stasis_subscription_accept_message_type(reader->subscription, type) ||
           stasis_subscription_set_filter(reader->subscription, STASIS_SUBSCRIPTION_FILTER_SELECTIVE);
}

static int subscribe_all(void)
{
    if (subscribe(&security, ast_security_topic(), on_security, ast_security_event_type())) {
        return -1;
    }
#ifdef HAS_CHAN_SIP
    if (is_chan_sip) {
        return subscribe(&endpoints, ast_endpoint_topic_all(), on_endpoint, ast_endpoint_state_type()) ||
               subscribe(&channels, ast_channel_topic_all_cached(), on_channel, stasis_cache_update_type());
    }
#endif
    return 0;
}

static int unload_module(void)
{
    security.subscription = stasis_unsubscribe_and_join(security.subscription);
    endpoints.subscription = stasis_unsubscribe_and_join(endpoints.subscription);
    channels.subscription = stasis_unsubscribe_and_join(channels.subscription);
    if (output != -1) {
        close(output);
        output = -1;
    }
    return 0;
}

static int load_module(void)
{
    is_chan_sip = ast_get_channel_tech("SIP") != NULL;
    tell(ast_json_pack("{s: s}", "event", "started"));
    if (subscribe_all()) {
        unload_module();
        return AST_MODULE_LOAD_DECLINE;
    }
    return AST_MODULE_LOAD_SUCCESS;
}

AST_MODULE_INFO(ASTERISK_GPL_KEY, AST_MODFLAG_DEFAULT, "Trunkline: hands over what becomes of log-ins",
    .support_level = AST_MODULE_SUPPORT_EXTENDED,
    .load = load_module,
    .unload = unload_module,
);
