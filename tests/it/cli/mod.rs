//! The program as its users meet it: files, messages, exit codes.

mod as_exported;
mod classify;
mod convergence;
mod damage;
mod detection;
mod evaluate;
mod export;
mod export_kit;
mod export_stl;
mod full_wave;
mod help;
mod imaging;
mod inspect;
mod machine_readable;
mod own_images;
mod own_pixels;
mod places;
mod plot;
mod propagate;
mod rules;
mod set;
mod shell;
mod sources;
mod sweep;
mod tolerance;
mod train;
