//! What every host language shares when it embeds the Watchpost core.
