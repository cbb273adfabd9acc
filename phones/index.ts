export { type Call, CallRefused } from "./call";
export { ensureBaresip } from "./baresip";
export { connect } from "./connect";
export { type PhoneOptions, Phone, RegistrationRefused, type SipAccount } from "./phone";
export { type CallQuality, type ConversationQuality, measure } from "./quality";
export { sipOptions } from "./options";
