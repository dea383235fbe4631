//! Where captures go: said once, and again when it changes, since checking the classes of three receivers costs more
//! than handing over an error.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use napi_derive::napi;
use watchpost_bindings::HostClient;
use watchpost_core::SharedScope;

use crate::client::NativeClient;
use crate::scope::NativeScope;
use crate::stack::Stacks;

/// A client, and the scopes of the running work.
#[derive(Debug, Clone)]
pub(crate) struct Aim {
    pub(crate) host: Arc<HostClient>,
    pub(crate) stacks: Rc<Stacks>,
    pub(crate) isolation: SharedScope,
    pub(crate) current: Option<SharedScope>,
}

impl Aim {
    /// Where the captures of this thread go.
    pub(crate) fn taken() -> Option<Self> {
        AIM.with(|aim| aim.borrow().clone())
    }
}

thread_local! {
    static AIM: RefCell<Option<Aim>> = const { RefCell::new(None) };
}

/// Where the captures of this thread go from now on; without a current scope if nothing was ever said to it.
#[napi]
pub fn aim_captures(client: &NativeClient, isolation: &NativeScope, current: Option<&NativeScope>) {
    let aim = Aim {
        host: Arc::clone(&client.host),
        stacks: Rc::clone(&client.stacks),
        isolation: isolation.shared().clone(),
        current: current.map(|scope| scope.shared().clone()),
    };
    AIM.with(|current| current.replace(Some(aim)));
}
