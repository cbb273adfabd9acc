/*
 * Reports the results of log-ins to trunkline-report-logins.
 *
 * Asterisk's manager interface has the same information, but formats every event as text and wakes two threads for
 * each event. With chan_sip, a registration causes four events. This module reads a few kinds of messages between
 * Asterisk's modules (Stasis), and writes only the fields that are needed. After the first message, the module waits
 * 20 ms for more messages, so that it wakes up once for many messages.
 *
 * The module writes to a FIFO. Each event is a line of five words: the name of the event, the account, chan_sip's
 * dialog, the port of the peer (in `lost`, the number of lost events), and the time at which Asterisk created the
 * event, in seconds since the epoch. An unknown word is "-", an unknown number is 0.
 *   started - - 0 1764423452.250000                         Asterisk has started: no earlier dialog exists
 *   SuccessfulAuth 1001 0x7f0c2800b3f8 54321 1764423452.500000
 *   Registered 1001 - 54321 1764423452.500125
 *   Newchannel 1001 - 0 1764423453.000000                   a phone places a call
 *   lost - - 3 1764423453.000000                            three events were not read in time
 * SuccessfulAuth, ChallengeResponseFailed, InvalidPassword and (only with chan_sip) ChallengeSent are Asterisk's
 * security events: https://docs.asterisk.org/Deployment/Asterisk-Security-Framework/. Registered and Rejected are
 * states of a peer in chan_sip. Newchannel is written only with chan_sip. The account is the name that the client
 * sends, cut to 64 characters. "?" replaces spaces and all characters that are not printable ASCII.
 *
 * SPDX-License-Identifier: GPL-2.0-only
 * Asterisk loads only modules under its own license.
 */
#include "asterisk.h"

#include <fcntl.h>

#include "asterisk/channel.h"
#include "asterisk/json.h"
#include "asterisk/module.h"
#include "asterisk/security_events.h"
#include "asterisk/stasis.h"
#include "asterisk/stasis_endpoints.h"
#include "asterisk/time.h"
#ifdef HAS_CHAN_SIP
#include "asterisk/stasis_channels.h"
#endif

#define FIFO "/run/trunkline/logins"
#define LONGEST_WORD 64
/* Microseconds to wait for more messages before a message is handled. */
#define GATHER 20000
/* Topics of Asterisk. The topic of all peers (endpoints) also has the messages of their channels. */
enum { SECURITY, ENDPOINTS, TOPICS };

/* All topics are forwarded to this topic. One thread reads it, so messages keep their order. */
static struct stasis_topic *topic;
static struct stasis_forward *forwards[TOPICS];
static struct stasis_subscription *subscription;
/* End of the last wait for messages. */
static struct timeval gathered;
static int is_chan_sip;

/*
 * The open FIFO or -1, and the number of events that could not be written since the last `lost` line. Only the reading
 * thread uses them; before that thread exists, the thread that loads the module.
 */
static int output = -1;
static int lost;

/*
 * Writes a line. Returns 0, or -1 if the line was not written. Each line is shorter than PIPE_BUF, so the kernel writes
 * the whole line or nothing.
 */
static int put(const char *line, size_t length)
{
    ssize_t written;

    if (output == -1) {
        output = open(FIFO, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    }
    if (output == -1) {
        return -1;
    }
    written = write(output, line, length);
    if (written == -1 && errno != EAGAIN && errno != EINTR) {
        close(output);
        output = -1;
    }
    return written == (ssize_t) length ? 0 : -1;
}

/* Returns a word that may come from a client, shortened and with safe characters; "-" if it is empty. */
static const char *word(char to[LONGEST_WORD + 1], const char *text)
{
    size_t i;

    for (i = 0; i < LONGEST_WORD && text[i]; i++) {
        to[i] = text[i] > ' ' && text[i] <= '~' ? text[i] : '?';
    }
    to[i] = '\0';
    return i ? to : "-";
}

static int put_event(const char *name, const char *account, const char *session, int port, struct timeval made)
{
    char words[2][LONGEST_WORD + 1];
    char line[3 * LONGEST_WORD + 64];
    int length = snprintf(line, sizeof(line), "%s %s %s %d %ld.%06ld\n", name, word(words[0], account),
        word(words[1], session), port, (long) made.tv_sec, (long) made.tv_usec);

    return put(line, length);
}

static void send_event(const char *name, const char *account, const char *session, int port, struct timeval made)
{
    if (lost && !put_event("lost", "", "", lost, made)) {
        lost = 0;
    }
    if (lost || put_event(name, account, session, port, made)) {
        lost++;
    }
}

/* Waits for more messages, unless this message was created before the end of the last wait. */
static void gather(const struct stasis_message *message)
{
    if (ast_tvcmp(*stasis_message_timestamp(message), gathered) > 0) {
        usleep(GATHER);
        gathered = ast_tvnow();
    }
}

/* Returns 54321 for `IPV4/TCP/192.168.0.254/54321`, `192.168.0.254:54321` and `54321`. */
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

static int is_about_login(int event)
{
    return event == AST_SECURITY_EVENT_SUCCESSFUL_AUTH || event == AST_SECURITY_EVENT_CHAL_RESP_FAILED ||
           event == AST_SECURITY_EVENT_INVAL_PASSWORD || (is_chan_sip && event == AST_SECURITY_EVENT_CHAL_SENT);
}

static void on_security(const struct stasis_message *message)
{
    const struct ast_json_payload *payload = stasis_message_data(message);
    int event = ast_json_integer_get(ast_json_object_get(payload->json, "SecurityEvent"));
    /* Skips an authentication without a password, which is not the log-in of an account. */
    if (!is_about_login(event) || !strcmp(text_of(payload->json, "UsingPassword"), "0")) {
        return;
    }
    /* With PJSIP, the session is the Call-ID, which is not needed. */
    send_event(ast_security_event_get_name(event), text_of(payload->json, "AccountID"),
        is_chan_sip ? text_of(payload->json, "SessionID") : "", port_of(text_of(payload->json, "RemoteAddress")),
        *stasis_message_timestamp(message));
}

#ifdef HAS_CHAN_SIP
static void on_endpoint(const struct stasis_message *message)
{
    const struct ast_endpoint_blob *blob = stasis_message_data(message);
    const char *status = text_of(blob->blob, "peer_status");
    const char *port = text_of(blob->blob, "port");

    if (strcmp(blob->snapshot->tech, "SIP") || (strcmp(status, "Registered") && strcmp(status, "Rejected"))) {
        return;
    }
    send_event(status, blob->snapshot->resource, "", port_of(*port ? port : text_of(blob->blob, "address")),
        *stasis_message_timestamp(message));
}

/*
 * Returns the account if the channel is of a call that a phone places, otherwise NULL. The account consists of digits,
 * and so does the called number, which is the extension of the channel. The channel of a call to a phone has the
 * extension `s`.
 */
static const char *caller_of(const struct ast_channel_snapshot *channel, char account[LONGEST_WORD + 1])
{
    static const char digits[] = "0123456789";
    size_t length;

    if (strncmp(channel->name, "SIP/", 4) || !*channel->exten || channel->exten[strspn(channel->exten, digits)]) {
        return NULL;
    }
    length = strspn(channel->name + 4, digits);
    if (length > LONGEST_WORD || channel->name[4 + length] != '-') {
        return NULL;
    }
    ast_copy_string(account, channel->name + 4, length + 1);
    return account;
}

static void on_channel(const struct stasis_message *message)
{
    const struct stasis_cache_update *update = stasis_message_data(message);
    char digits[LONGEST_WORD + 1];
    const char *account;

    if (update->type != ast_channel_snapshot_type() || update->old_snapshot || !update->new_snapshot) {
        return;
    }
    account = caller_of(stasis_message_data(update->new_snapshot), digits);
    if (account) {
        send_event("Newchannel", account, "", 0, *stasis_message_timestamp(message));
    }
}
#endif

static void on_message(void *data, struct stasis_subscription *from, struct stasis_message *message)
{
    const struct stasis_message_type *type = stasis_message_type(message);

    gather(message);
    if (type == ast_security_event_type()) {
        on_security(message);
    }
#ifdef HAS_CHAN_SIP
    if (type == ast_endpoint_state_type()) {
        on_endpoint(message);
    }
    if (type == stasis_cache_update_type()) {
        on_channel(message);
    }
#endif
}

static int subscribe(void)
{
    topic = stasis_topic_create("trunkline:logins");
    subscription = topic ? stasis_subscribe(topic, on_message, NULL) : NULL;
    if (!subscription || stasis_subscription_set_filter(subscription, STASIS_SUBSCRIPTION_FILTER_SELECTIVE) ||
        stasis_subscription_accept_message_type(subscription, ast_security_event_type())) {
        return -1;
    }
    forwards[SECURITY] = stasis_forward_all(ast_security_topic(), topic);
    if (!is_chan_sip) {
        return forwards[SECURITY] ? 0 : -1;
    }
#ifdef HAS_CHAN_SIP
    if (stasis_subscription_accept_message_type(subscription, ast_endpoint_state_type()) ||
        stasis_subscription_accept_message_type(subscription, stasis_cache_update_type())) {
        return -1;
    }
    forwards[ENDPOINTS] = stasis_forward_all(ast_endpoint_topic_all(), topic);
#endif
    return forwards[SECURITY] && forwards[ENDPOINTS] ? 0 : -1;
}

static int unload_module(void)
{
    int i;

    for (i = 0; i < TOPICS; i++) {
        forwards[i] = stasis_forward_cancel(forwards[i]);
    }
    subscription = stasis_unsubscribe_and_join(subscription);
    ao2_cleanup(topic);
    topic = NULL;
    if (output != -1) {
        close(output);
        output = -1;
    }
    return 0;
}

static int load_module(void)
{
    is_chan_sip = ast_get_channel_tech("SIP") != NULL;
    send_event("started", "", "", 0, ast_tvnow());
    if (subscribe()) {
        unload_module();
        return AST_MODULE_LOAD_DECLINE;
    }
    return AST_MODULE_LOAD_SUCCESS;
}

AST_MODULE_INFO(ASTERISK_GPL_KEY, AST_MODFLAG_DEFAULT, "Trunkline: reports the results of log-ins",
    .support_level = AST_MODULE_SUPPORT_EXTENDED,
    .load = load_module,
    .unload = unload_module,
);
